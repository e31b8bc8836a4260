/* Elementwise ops computed in whole numbers. */
#include "elementwise.cuh"
#include "elementwise_gen.cuh"

template <typename Row, bool whole> static constexpr elementwise_launch *row_for() {
  if constexpr (whole)
    return launch_row<Row, int64_t>;
  else
    return nullptr;
}
#define X(name, whole) row_for<name##_row, whole>(),
elementwise_launch *const int64_rows[TNT_ROWS] = {TNT_CUDA_ROWS(X)};
