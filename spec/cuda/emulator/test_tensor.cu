/* Tensor cores and asynchronous copies of kernels/mma.cuh and async.cuh, over the emulator: layouts are written out here
 * once more, as the tables of the PTX ISA have them (mma.m16n8k16, ldmatrix, cp.async). */
#include <vector>

#include "async.cuh"
#include "mma.cuh"
#include "test.h"

template <typename T> static T *room(int n) { /* of the host's, where the card can write */
  T *p;
  OK(cudaMallocHost(&p, (size_t)n * sizeof *p));
  return p;
}

/* -- ldmatrix ------------------------------------------------------------------------------------------------------------ */
enum { STEP = 24 }; /* elements from row to row */
static int row_of(int lane) { return (lane * 7 + 3) % 32; }
static __global__ void matrices_kernel(uint32_t *straight, uint32_t *turned) {
  SHARED(uint16_t, s_x);
  for (int i = (int)threadIdx.x; i < 32 * STEP; i += 32) s_x[i] = (uint16_t)(1000 + i);
  __syncthreads();
  uint32_t r[4];
  load_matrices<false>(r, s_x + row_of((int)threadIdx.x) * STEP + 8);
  for (int i = 0; i < 4; i++) straight[threadIdx.x * 4 + i] = r[i];
  load_matrices<true>(r, s_x + row_of((int)threadIdx.x) * STEP + 8);
  for (int i = 0; i < 4; i++) turned[threadIdx.x * 4 + i] = r[i];
}
void matrix_loads() {
  uint32_t *straight = room<uint32_t>(128), *turned = room<uint32_t>(128);
  LAUNCH(matrices_kernel, 1, 32, 32 * STEP * 2, nullptr)(straight, turned);
  OK(cudaDeviceSynchronize());
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) { /* matrix i, whose rows begin where lanes 8 i.. 8 i + 7 say */
      auto element = [&](int row, int column) {
        return (uint32_t)(1000 + row_of(8 * i + row) * STEP + 8 + column);
      };
      int row = lane / 4, column = lane % 4 * 2;
      CHECK(straight[lane * 4 + i] == (element(row, column) | element(row, column + 1) << 16));
      CHECK(turned[lane * 4 + i] == (element(column, row) | element(column + 1, row) << 16));
    }
  }
}

/* -- mma -------------------------------------------------------------------------------------------------------------------- */
/* x[16, 16], y[16, 16], z[16, 16] of small whole numbers: by_table[16, 8] = x y's first columns with a, b and c by the
 * tables; chained[16, 16] = (x y^T) z out of shared memory. */
template <typename T>
static __global__ void fragments_kernel(const T *x, const T *y, const T *z, float *by_table,
                                        float *chained) {
  int lane = (int)threadIdx.x, group = lane >> 2, in_group = lane % 4;
  T a[8], b[4];
  for (int i = 0; i < 8; i++) {
    int row = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
    int column = in_group * 2 + (i & 1) + (i >= 4 ? 8 : 0);
    a[i] = x[row * 16 + column];
  }
  for (int i = 0; i < 4; i++) {
    int row = in_group * 2 + (i & 1) + (i >= 2 ? 8 : 0);
    b[i] = y[row * 16 + group];
  }
  uint32_t u[4], v[2];
  memcpy(u, a, sizeof u);
  memcpy(v, b, sizeof v);
  float c[4] = {0, 0, 0, 0};
  mma<T>(c, u, v[0], v[1]);
  for (int i = 0; i < 4; i++)
    by_table[(group + (i < 2 ? 0 : 8)) * 8 + in_group * 2 + (i & 1)] = c[i];

  SHARED(T, s_x);
  T *s_y = s_x + 16 * STEP, *s_z = s_y + 16 * STEP;
  for (int i = lane; i < 256; i += 32) {
    int at = i / 16 * STEP + i % 16;
    s_x[at] = x[i], s_y[at] = y[i], s_z[at] = z[i];
  }
  __syncthreads();
  uint32_t w[4];
  float score[2][4] = {}, out[2][4] = {};
  load_matrices<false>(u, s_x + rows_first(STEP));
  load_matrices<false>(w, s_y + columns_first(STEP));
  for (int j = 0; j < 2; j++) mma<T>(score[j], u, w[2 * j], w[2 * j + 1]);
  for (int i = 0; i < 4; i++)
    u[i] = word_of<T>(score[i / 2][i % 2 * 2], score[i / 2][i % 2 * 2 + 1]);
  load_matrices<true>(w, s_z + rows_first(STEP));
  for (int j = 0; j < 2; j++) mma<T>(out[j], u, w[2 * j], w[2 * j + 1]);
  for (int j = 0; j < 2; j++) {
    for (int i = 0; i < 4; i++)
      chained[(group + (i < 2 ? 0 : 8)) * 16 + 8 * j + in_group * 2 + (i & 1)] = out[j][i];
  }
}
template <typename T> static void fragments_of() {
  T *x = room<T>(256), *y = room<T>(256), *z = room<T>(256);
  float *by_table = room<float>(128), *chained = room<float>(256), f[3][256];
  for (int i = 0; i < 256; i++) { /* sums of products stay whole numbers that T holds */
    f[0][i] = (float)(i * 5 % 7 % 3 - 1), f[1][i] = (float)(i * 11 % 13 % 3 - 1);
    f[2][i] = (float)(i * 3 % 17 - 8);
    x[i] = from_compute<T>(f[0][i]), y[i] = from_compute<T>(f[1][i]),
    z[i] = from_compute<T>(f[2][i]);
  }
  LAUNCH(fragments_kernel<T>, 1, 32, 3 * 16 * STEP * sizeof(T), nullptr)
  (x, y, z, by_table, chained);
  OK(cudaDeviceSynchronize());
  for (int row = 0; row < 16; row++) {
    float score[16] = {};
    for (int n = 0; n < 16; n++) {
      float sum = 0;
      for (int k = 0; k < 16; k++) {
        sum += f[0][row * 16 + k] * f[1][k * 16 + n];
        score[n] += f[0][row * 16 + k] * f[1][n * 16 + k];
      }
      if (n < 8) CHECK(by_table[row * 8 + n] == sum);
    }
    for (int n = 0; n < 16; n++) {
      float sum = 0;
      for (int k = 0; k < 16; k++) sum += score[k] * f[2][k * 16 + n];
      CHECK(chained[row * 16 + n] == sum);
    }
  }
}
void fragments() {
  fragments_of<__half>();
  fragments_of<__nv_bfloat16>();
}

/* -- cp.async ------------------------------------------------------------------------------------------------------------- */
/* Groups: {first words}, {second words}, and copies in no group. */
static __global__ void arrivals_kernel(const uint32_t *from, uint32_t *seen) {
  SHARED(uint32_t, s_x);
  int t = (int)threadIdx.x;
  uint32_t *mine = s_x + 12 * t;
  copy_async<4>(mine, from + t, true);
  copies_close();
  copy_async<4>(mine + 1, from + 64 + t, true);
  copy_async<4>(mine + 2, from, false);
  copies_close();
  copy_async<16>(mine + 4, from + 4 * t, true);
  copy_async<16>(mine + 8, from + 4 * t, t % 2);
  int n = 0;
  auto look = [&] {
    for (int i : {0, 1, 2, 4, 7, 8, 11}) seen[n++ * 64 + t] = mine[i];
  };
  look();
  copies_wait<1>();
  look();
  copies_wait<0>();
  look();
  copies_close();
  copies_wait<0>();
  __syncthreads();
  mine = s_x + 12 * (63 - t); /* another's */
  look();
}
static __global__ void missing_wait_kernel(const uint32_t *from) {
  SHARED(uint32_t, s_x);
  copy_async<4>(s_x + threadIdx.x, from + threadIdx.x, true);
  copies_close();
  copies_wait<1>();
}
static __global__ void misaligned_kernel(const uint32_t *from) {
  SHARED(uint32_t, s_x);
  copy_async<16>(s_x + threadIdx.x, from, true);
}
static uint32_t *counting(int n) {
  uint32_t *from = room<uint32_t>(n);
  for (int i = 0; i < n; i++) from[i] = (uint32_t)(100 + i);
  return from;
}
void arrivals() {
  const uint32_t *from = counting(256), none = 0xffffffff;
  uint32_t *seen = room<uint32_t>(4 * 7 * 64);
  LAUNCH(arrivals_kernel, 1, 64, 64 * 12 * 4, nullptr)(from, seen);
  OK(cudaDeviceSynchronize());
  for (int look = 0; look < 4; look++) {
    for (int t = 0; t < 64; t++) {
      uint32_t i = (uint32_t)(look == 3 ? 63 - t : t);
      uint32_t want[7] = {100 + i,
                          164 + i,
                          0,
                          100 + 4 * i,
                          103 + 4 * i,
                          i % 2 ? 100 + 4 * i : 0,
                          i % 2 ? 103 + 4 * i : 0};
      int arrived[4] = {0, 1, 3, 7};
      for (int k = 0; k < 7; k++)
        CHECK(seen[(look * 7 + k) * 64 + t] == (k < arrived[look] ? want[k] : none));
    }
  }
}
void missing_wait() {
  LAUNCH(missing_wait_kernel, 1, 32, 128, nullptr)(counting(32));
  CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
}
void misaligned() {
  LAUNCH(misaligned_kernel, 1, 32, 256, nullptr)(counting(32));
  OK(cudaDeviceSynchronize());
}
