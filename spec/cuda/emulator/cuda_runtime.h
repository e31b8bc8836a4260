/* CUDA C++ in one header, as nvcc includes it by itself. */
#include "emulator.cuh"
