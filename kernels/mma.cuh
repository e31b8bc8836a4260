/* Tensor cores on 16-bit types, one warp at a time: c[16, 8] += a[16, 16] b[16, 8] in registers, and 8 x 8 matrices out of
 * shared memory. Lane 4 g + t holds of c the rows g and g + 8, columns 2 t and 2 t + 1, in this order; of a the words
 * (row g, columns 2 t..), (g + 8, 2 t..), (g, 2 t + 8..), (g + 8, 2 t + 8..); of b the words (rows 2 t.., column g) and
 * (rows 2 t + 8.., column g). So two neighbours of c, rounded to pairs, are an a for the next product. The emulator spells
 * both instructions out lane by lane. Source: PTX ISA, mma.sync.m16n8k16 and ldmatrix. */
#ifndef TNT_MMA_CUH
#define TNT_MMA_CUH

#include <string.h>

#include "cuda.cuh"

/* Two neighbours, rounded to T, the first in the low half. */
template <typename T> static __device__ __forceinline__ uint32_t word_of(float low, float high) {
  static_assert(sizeof(T) == 2, "two to a word");
  uint32_t w;
  if constexpr (std::is_same_v<T, __half>) {
    __half2 both = __floats2half2_rn(low, high);
    memcpy(&w, &both, sizeof w);
  } else {
    __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    memcpy(&w, &both, sizeof w);
  }
  return w;
}

#ifdef TNT_EMULATE
template <typename T> static inline float half_of(uint32_t word, int which) {
  T both[2];
  memcpy(both, &word, sizeof word);
  return to_compute(both[which]);
}
template <typename T>
static inline void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
  for (int part = 0; part < 2; part++) {
    uint32_t b = part ? b1 : b0;
    for (int owner = 0; owner < 4; owner++) { /* lanes that hold columns 8 part + 2 owner of a */
      uint32_t up = __shfl_sync(WHOLE_WARP, a[2 * part], 4 * g + owner),
               down = __shfl_sync(WHOLE_WARP, a[2 * part + 1], 4 * g + owner),
               left = __shfl_sync(WHOLE_WARP, b, 4 * (2 * t) + owner),
               right = __shfl_sync(WHOLE_WARP, b, 4 * (2 * t + 1) + owner);
      for (int which = 0; which < 2; which++) {
        float x = half_of<T>(up, which), x8 = half_of<T>(down, which), y = half_of<T>(left, which),
              y1 = half_of<T>(right, which);
        c[0] += x * y, c[1] += x * y1, c[2] += x8 * y, c[3] += x8 * y1;
      }
    }
  }
}
/* Lane 8 i + r says where row r of matrix i begins; lane 4 g + t gets elements 2 t and 2 t + 1 of its row g. */
template <bool TURNED> static inline void load_matrices(uint32_t (&r)[4], const void *row) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
  if ((uintptr_t)row % 16) emulator::fail("a row of a matrix does not begin at 16 bytes");
  for (int i = 0; i < 4; i++) {
    uint16_t both[2];
    for (int which = 0; which < 2; which++) { /* turned: elements g of rows 2 t and 2 t + 1 */
      int from = TURNED ? 2 * t + which : g, element = TURNED ? g : 2 * t + which;
      uintptr_t p = __shfl_sync(WHOLE_WARP, (uintptr_t)row, 8 * i + from);
      memcpy(&both[which], (const uint16_t *)p + element, sizeof both[which]);
    }
    memcpy(&r[i], both, sizeof r[i]);
  }
}
#else
template <typename T>
static __device__ __forceinline__ void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                           uint32_t b1) {
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}
template <bool TURNED>
static __device__ __forceinline__ void load_matrices(uint32_t (&r)[4], const void *row) {
  uint32_t at = (uint32_t)__cvta_generic_to_shared(row);
  if constexpr (TURNED)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}
#endif

/* Where this lane's row begins, in elements from the first of 16 x 16 that lie in rows of `ld` elements, for the four
 * matrices in the order of a: (rows 0.., columns 0..), (8.., 0..), (0.., 8..), (8.., 8..). Turned, they are the two words of
 * b for columns 0.. and the two for columns 8.. of b = what lies there. */
static __device__ __forceinline__ int rows_first(int ld) {
  int lane = (int)threadIdx.x % WARP;
  return lane % 16 * ld + lane / 16 * 8;
}
/* And in the order (0.., 0..), (0.., 8..), (8.., 0..), (8.., 8..): the words of b for columns 0.. and those for columns 8..
 * where b's columns are the rows of what lies there. */
static __device__ __forceinline__ int columns_first(int ld) {
  int lane = (int)threadIdx.x % WARP;
  return (lane % 8 + lane / 16 * 8) * ld + lane / 8 % 2 * 8;
}

#endif
