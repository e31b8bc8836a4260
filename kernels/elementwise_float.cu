/* Elementwise ops computed in float (f32, f16, bf16). */
#include "elementwise.cuh"
#include "elementwise_gen.cuh"

#define X(name, whole) launch_row<name##_row, float>,
elementwise_launch *const float_rows[TNT_ROWS] = {TNT_CUDA_ROWS(X)};
