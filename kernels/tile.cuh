/* One product for whatever has no library: y(m, n) = the sum over k of a(m, k) b(k, n), where functors say what a, b and y
 * are. A block makes 64 x 64 results of a part of k, 16 of k at a time in shared memory, 4 x 4 a thread. */
#ifndef TNT_TILE_CUH
#define TNT_TILE_CUH

#include "cuda.cuh"

enum { TILE = 64, TILE_K = 16, TILE_THREADS = 256 };

/* Left and Right: A at(batch, i, j), and bool k_inner: whether neighbours along k lie together in memory. Result:
 * put(batch, part, m, n, sum). grid: tiles, parts of k, batches. */
template <typename A, typename Left, typename Right, typename Result>
__global__ void __launch_bounds__(TILE_THREADS)
    tile_kernel(int64_t m, int64_t n, int64_t k, int64_t k_part, int64_t batches, Left left,
                Right right, Result result) {
  __shared__ A s_left[TILE_K][TILE + 1], s_right[TILE_K][TILE + 1];
  int64_t columns = (n + TILE - 1) / TILE, m0 = blockIdx.x / columns * TILE,
          n0 = blockIdx.x % columns * TILE;
  int64_t first = blockIdx.y * k_part, last = first + k_part < k ? first + k_part : k;
  int t = threadIdx.x, ty = t / 16, tx = t % 16;
  for (int64_t batch = blockIdx.z; batch < batches; batch += gridDim.z) {
    A sum[4][4] = {};
    for (int64_t k0 = first; k0 < last; k0 += TILE_K) {
#pragma unroll
      for (int e = t; e < TILE * TILE_K; e += TILE_THREADS) {
        int row = left.k_inner ? e / TILE_K : e % TILE,
            depth = left.k_inner ? e % TILE_K : e / TILE;
        bool inside = m0 + row < m && k0 + depth < last;
        s_left[depth][row] = inside ? left.at(batch, m0 + row, k0 + depth) : (A)0;
        int column = right.k_inner ? e / TILE_K : e % TILE;
        depth = right.k_inner ? e % TILE_K : e / TILE;
        inside = n0 + column < n && k0 + depth < last;
        s_right[depth][column] = inside ? right.at(batch, k0 + depth, n0 + column) : (A)0;
      }
      __syncthreads();
#pragma unroll
      for (int d = 0; d < TILE_K; d++) {
        A u[4], v[4];
#pragma unroll
        for (int i = 0; i < 4; i++) u[i] = s_left[d][ty * 4 + i], v[i] = s_right[d][tx + 16 * i];
#pragma unroll
        for (int i = 0; i < 4; i++) {
#pragma unroll
          for (int j = 0; j < 4; j++) sum[i][j] += u[i] * v[j];
        }
      }
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int64_t row = m0 + ty * 4 + i, column = n0 + tx + 16 * j;
        if (row < m && column < n) result.put(batch, blockIdx.y, row, column, sum[i][j]);
      }
    }
  }
}

template <typename A, typename Left, typename Right, typename Result>
static inline void multiply_tiles(tnt__args *a, int64_t m, int64_t n, int64_t k, int64_t parts,
                                  int64_t batches, Left left, Right right, Result result) {
  int64_t tiles = ((m + TILE - 1) / TILE) * ((n + TILE - 1) / TILE);
  int64_t k_part = (k + parts - 1) / parts;
  LAUNCH((tile_kernel<A, Left, Right, Result>),
         dim3((unsigned)tiles, (unsigned)parts, (unsigned)(batches < 65535 ? batches : 65535)),
         dim3(TILE_THREADS), 0, a->stream)
  (m, n, k, k_part, batches, left, right, result);
}

#endif
