/* Elementwise ops computed in double (f64, and whole numbers from floats). */
#include "elementwise.cuh"
#include "elementwise_gen.cuh"

#define X(name, whole) launch_row<name##_row, double>,
elementwise_launch *const double_rows[TNT_ROWS] = {TNT_CUDA_ROWS(X)};
