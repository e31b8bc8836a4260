/* Products of tiles in shared memory by one warp: c[16, 8 TILES] += a[16, DEPTH] b, with c in the registers of its lanes:
 * lane 4 g + t holds of tile j the rows g and g + 8, columns 8 j + 2 t and 8 j + 2 t + 1. 16-bit types go to tensor cores
 * (Source: PTX ISA, mma.sync.m16n8k16), whose instruction the emulator spells out lane by lane; wider ones are plain. */
#ifndef TNT_MMA_CUH
#define TNT_MMA_CUH

#include <string.h>

#include "cuda.cuh"

/* Two neighbours, the first in the low half. */
template <typename T> static __device__ __forceinline__ uint32_t word_of(T low, T high) {
  T both[2] = {low, high};
  uint32_t w;
  memcpy(&w, both, sizeof w);
  return w;
}
template <typename T> static __device__ __forceinline__ uint32_t word_at(const T *from) {
  pack<T, 2> p = load_pack<2>(from);
  return word_of(p.v[0], p.v[1]);
}

#ifdef TNT_EMULATE
template <typename T> static inline float half_of(uint32_t word, int which) {
  T both[2];
  memcpy(both, &word, sizeof word);
  return to_compute(both[which]);
}
template <typename T>
static inline void mma(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
  for (int part = 0; part < 2; part++) {
    for (int owner = 0; owner < 4; owner++) { /* lanes that hold columns 8 part + 2 owner of a */
      uint32_t up = __shfl_sync(WHOLE_WARP, a[2 * part], 4 * g + owner),
               down = __shfl_sync(WHOLE_WARP, a[2 * part + 1], 4 * g + owner),
               left = __shfl_sync(WHOLE_WARP, b[part], 4 * (2 * t) + owner),
               right = __shfl_sync(WHOLE_WARP, b[part], 4 * (2 * t + 1) + owner);
      for (int which = 0; which < 2; which++) {
        float x = half_of<T>(up, which), x8 = half_of<T>(down, which), y = half_of<T>(left, which),
              y1 = half_of<T>(right, which);
        c[0] += x * y, c[1] += x * y1, c[2] += x8 * y, c[3] += x8 * y1;
      }
    }
  }
}
#else
template <typename T>
static __device__ __forceinline__ void mma(float (&c)[4], const uint32_t (&a)[4],
                                           const uint32_t (&b)[2]) {
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
}
#endif

/* b is [8 TILES, DEPTH], so that c += a b^T where TURNED, else [DEPTH, 8 TILES]; lda, ldb: elements from row to row. */
template <bool TURNED, int DEPTH, typename T, int TILES>
static __device__ __forceinline__ void multiply_shared(acc<T> (&c)[TILES][4], const T *a, int lda,
                                                       const T *b, int ldb) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
  if constexpr (sizeof(T) == 2) {
#pragma unroll
    for (int k = 0; k < DEPTH; k += 16) {
      const T *from = a + g * lda + k + 2 * t;
      uint32_t u[4] = {word_at(from), word_at(from + 8 * lda), word_at(from + 8),
                       word_at(from + 8 * lda + 8)};
#pragma unroll
      for (int j = 0; j < TILES; j++) {
        uint32_t v[2];
        if (TURNED) {
          const T *at = b + (8 * j + g) * ldb + k + 2 * t;
          v[0] = word_at(at), v[1] = word_at(at + 8);
        } else {
          const T *at = b + (k + 2 * t) * ldb + 8 * j + g;
          v[0] = word_of(at[0], at[ldb]), v[1] = word_of(at[8 * ldb], at[9 * ldb]);
        }
        mma<T>(c[j], u, v);
      }
    }
  } else {
#pragma unroll 4
    for (int k = 0; k < DEPTH; k++) {
      T x = a[g * lda + k], x8 = a[(g + 8) * lda + k];
#pragma unroll
      for (int j = 0; j < TILES; j++) {
        int n = 8 * j + 2 * t;
        T y = TURNED ? b[n * ldb + k] : b[k * ldb + n],
          y1 = TURNED ? b[(n + 1) * ldb + k] : b[k * ldb + n + 1];
        c[j][0] += x * y, c[j][1] += x * y1, c[j][2] += x8 * y, c[j][3] += x8 * y1;
      }
    }
  }
}

/* c as rows of T in shared memory, for the warp that made it. */
template <typename T, int TILES>
static __device__ __forceinline__ void store_shared(T *to, int ld, const acc<T> (&c)[TILES][4]) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int j = 0; j < TILES; j++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      pack<T, 2> p = {{from_compute<T>(c[j][2 * half]), from_compute<T>(c[j][2 * half + 1])}};
      store_pack(to + (g + 8 * half) * ld + 8 * j + 2 * t, p);
    }
  }
}

#endif
