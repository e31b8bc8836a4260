/* Whole models in one launch: the tensors of a list, handed to the kernel by value (a launch carries 32 KiB), so that there is
 * no table to upload, to cache, or to keep for captured graphs. A block takes one chunk of one tensor. */
#ifndef TNT_LISTS_CUH
#define TNT_LISTS_CUH

#include "rows.cuh"

enum { CHUNK = 8192 }; /* elements of a block */

/* Tensor i of lists 0..LISTS-1. Dtypes may differ from tensor to tensor. */
template <int LISTS, int TENSORS> struct tensor_list {
  int n;
  int first[TENSORS + 1]; /* first[i]: the block that starts tensor i */
  int64_t numel[TENSORS];
  void *data[LISTS][TENSORS];
  uint8_t dtype[LISTS][TENSORS];
  __device__ __forceinline__ int of_block(int block) const {
    int low = 0, high = n;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (first[middle] <= block)
        low = middle;
      else
        high = middle;
    }
    return low;
  }
};
enum { FEW = 64, MANY = 512 }; /* tensors of one launch */

/* Fills t from tensor *next on; false at the end. `lists[l]`: where list l begins in a->list. */
template <int LISTS, int TENSORS>
static bool fill_list(tensor_list<LISTS, TENSORS> &t, const tnt__args *a, const int *lists,
                      int *next) {
  t.n = t.first[0] = 0;
  for (; *next < a->n_list && t.n < TENSORS; ++*next) {
    int64_t numel = a->list[lists[0] * a->n_list + *next].numel,
            blocks = (numel + CHUNK - 1) / CHUNK;
    if (blocks == 0) continue;
    if (t.n && t.first[t.n] + blocks > INT32_MAX) break;
    for (int l = 0; l < LISTS; l++) {
      const tnt__view *v = &a->list[lists[l] * a->n_list + *next];
      t.data[l][t.n] = v->data;
      t.dtype[l][t.n] = (uint8_t)v->dtype;
    }
    t.numel[t.n] = numel;
    t.first[t.n + 1] = t.first[t.n] + (int)blocks;
    t.n++;
  }
  return t.n > 0;
}

/* Four neighbouring numbers of any float dtype; i is a multiple of 4, and tensors begin at 16 bytes where `packed`. */
template <typename T, typename A>
static __device__ __forceinline__ void load_pack_of_four(A (&v)[4], const void *from, int64_t i) {
  pack<T, 4> p = load_pack<4>((const T *)from + i);
#pragma unroll
  for (int j = 0; j < 4; j++) v[j] = (A)to_compute(p.v[j]);
}
template <typename A>
static __device__ __forceinline__ void load_four(A (&v)[4], const void *from, int dtype, int64_t i,
                                                 int some, bool packed) {
  if (packed && some == 4) {
    if (dtype == TNT_F32) return load_pack_of_four<float>(v, from, i);
    if (dtype == TNT_BF16) return load_pack_of_four<__nv_bfloat16>(v, from, i);
    if (dtype == TNT_F16) return load_pack_of_four<__half>(v, from, i);
  }
#pragma unroll
  for (int j = 0; j < 4; j++) v[j] = j < some ? load_float<A>(from, dtype, i + j) : (A)0;
}

template <typename T, typename A>
static __device__ __forceinline__ void store_pack_of_four(void *to, int64_t i, const A (&v)[4]) {
  pack<T, 4> p;
#pragma unroll
  for (int j = 0; j < 4; j++) p.v[j] = from_compute<T>(v[j]);
  store_pack((T *)to + i, p);
}
template <typename A>
static __device__ __forceinline__ void store_four(void *to, int dtype, int64_t i, const A (&v)[4],
                                                  int some, bool packed) {
  if (packed && some == 4) {
    if (dtype == TNT_F32) return store_pack_of_four<float>(to, i, v);
    if (dtype == TNT_BF16) return store_pack_of_four<__nv_bfloat16>(to, i, v);
    if (dtype == TNT_F16) return store_pack_of_four<__half>(to, i, v);
  }
#pragma unroll
  for (int j = 0; j < 4; j++) {
    if (j < some) store_float(to, dtype, i + j, v[j]);
  }
}

/* Each four of the block's chunk: i where it begins, `some` of them. */
#define FOR_FOURS(i, some, block, list, tensor)                                       \
  for (int64_t i##_0 = (int64_t)((block) - (list).first[tensor]) * CHUNK,             \
               i##_end = i##_0 + CHUNK < (list).numel[tensor] ? i##_0 + CHUNK         \
                                                              : (list).numel[tensor], \
               i = i##_0 + threadIdx.x * 4, some = 0;                                 \
       i < i##_end && (some = i##_end - i < 4 ? i##_end - i : 4); i += (int64_t)blockDim.x * 4)

/* Whether all of a tensor's data begins at 16 bytes. */
template <int LISTS, int TENSORS>
static __device__ __forceinline__ bool list_packed(const tensor_list<LISTS, TENSORS> &t,
                                                   int tensor) {
  uintptr_t all = 0;
  for (int l = 0; l < LISTS; l++) all |= (uintptr_t)t.data[l][tensor];
  return all % 16 == 0;
}

#endif
