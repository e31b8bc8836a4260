/* Stable sorting of rows of keys with the places they came from: tiles by a bitonic network in shared memory, then merges
 * of runs in global memory. Equal keys are told apart by place, so the order is total and the result always the same. */
#ifndef TNT_SORT_CUH
#define TNT_SORT_CUH

#include "cuda.cuh"

enum { TILE = 2048 }; /* elements a block sorts: one tile, or several of short rows */

template <typename K> struct pairs {
  K *key;
  uint32_t *place;
};
/* What stands behind the end of a row: after everything. */
template <typename K> constexpr K LAST_KEY = (K) ~(K)0;
constexpr uint32_t NO_PLACE = 0xffffffffu;

/* Keys whose order as unsigned numbers is that of the values; zeros are equal, NaN is last (descending: first). */
static __device__ __forceinline__ uint32_t key_of(float v) {
  if (v != v) return 0xffffffffu;
  uint32_t b = __float_as_uint(v == 0 ? 0.0f : v);
  return b >> 31 ? ~b : b | 0x80000000u;
}
static __device__ __forceinline__ uint64_t key_of(double v) {
  if (v != v) return ~(uint64_t)0;
  uint64_t b = (uint64_t)__double_as_longlong(v == 0 ? 0.0 : v);
  return b >> 63 ? ~b : b | (uint64_t)1 << 63;
}
static __device__ __forceinline__ uint64_t key_of(int64_t v) {
  return (uint64_t)v ^ (uint64_t)1 << 63;
}
template <typename T> using key_type = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename K>
static __device__ __forceinline__ bool before(K a, uint32_t place_a, K b, uint32_t place_b) {
  return a < b || (a == b && place_a < place_b);
}

/* What was sorted so far, as the input of a further pass. */
template <typename K> struct load_pairs {
  pairs<K> from;
  int64_t row; /* elements in one */
  __device__ void operator()(int64_t r, int64_t j, K &key, uint32_t &place) const {
    key = from.key[r * row + j];
    place = from.place[r * row + j];
  }
};

/* Rows of n elements in tiles of `tile` (a power of 2), `tiles` a row; the first `kept` of each go to `to`. */
template <typename K, typename Load>
__global__ void __launch_bounds__(THREADS)
    tile_kernel(Load load, pairs<K> to, int64_t rows, int64_t n, int tile, int64_t tiles,
                int kept) {
  __shared__ K key[TILE];
  __shared__ uint32_t place[TILE];
  int64_t first = (int64_t)blockIdx.x * (TILE / tile), all = rows * tiles;
  for (int e = (int)threadIdx.x; e < TILE; e += THREADS) {
    int64_t q = first + e / tile, j = q % tiles * tile + e % tile;
    key[e] = LAST_KEY<K>;
    place[e] = NO_PLACE;
    if (q < all && j < n) load(q / tiles, j, key[e], place[e]);
  }
  __syncthreads();
  for (int size = 2; size <= tile; size *= 2) {
    for (int reach = size / 2; reach > 0; reach /= 2) {
      for (int p = (int)threadIdx.x; p < TILE / 2; p += THREADS) {
        int i = 2 * p - (p & (reach - 1)), j = i + reach; /* bit `reach` of i is 0 */
        bool up = size == tile || (i & size) == 0;
        if (before(key[j], place[j], key[i], place[i]) == up) {
          K k = key[i];
          key[i] = key[j];
          key[j] = k;
          uint32_t w = place[i];
          place[i] = place[j];
          place[j] = w;
        }
      }
      __syncthreads();
    }
  }
  for (int e = (int)threadIdx.x; e < TILE; e += THREADS) {
    int64_t q = first + e / tile;
    if (q >= all || e % tile >= kept) continue;
    to.key[q * kept + e % tile] = key[e];
    to.place[q * kept + e % tile] = place[e];
  }
}

/* Neighbouring runs of `run` elements become one: an element's new place is its own plus how many of the other run go
 * before it. */
template <typename K>
__global__ void __launch_bounds__(THREADS)
    merge_kernel(pairs<K> from, pairs<K> to, int64_t rows, int64_t row, int64_t run) {
  FOR_EACH(e, rows * row) {
    int64_t base = e / row * row, j = e - base, start = j / (2 * run) * (2 * run);
    bool left = j - start < run;
    int64_t low = left ? start + run : start, end = left ? start + 2 * run : start + run;
    if (low > row) low = row;
    if (end > row) end = row;
    int64_t other = low;
    K key = from.key[e];
    uint32_t place = from.place[e];
    while (low < end) {
      int64_t middle = low + (end - low) / 2;
      K k = from.key[base + middle];
      uint32_t w = from.place[base + middle];
      bool its = left ? before(k, w, key, place) : !before(key, place, k, w);
      if (its)
        low = middle + 1;
      else
        end = middle;
    }
    int64_t mine = left ? j - start : j - start - run, at = base + start + mine + (low - other);
    to.key[at] = key;
    to.place[at] = place;
  }
}

/* Sorts rows of n elements, of which at least the first `keep` are wanted, into *out, `*row` elements a row, from where
 * they can be read until the op ends. n is below 2^32 - 1. */
template <typename K, typename Load>
static int sort_rows(tnt__args *a, Load load, int64_t rows, int64_t n, int64_t keep, pairs<K> *out,
                     int64_t *row) {
  if (n >= NO_PLACE)
    return a->fail(TNT_EARGUMENT, "%s: at most 2^32 - 2 elements are sorted on a card, got %lld",
                   a->op, (long long)n);
  int tile = 1;
  while (tile < TILE && tile < n) tile *= 2;
  bool select = keep * 2 <= tile; /* each tile keeps what may be wanted, and what is left is less */
  int kept = select ? (int)(keep > 0 ? keep : 1) : tile;
  int64_t tiles = (n + tile - 1) / tile;
  if (tiles < 1) tiles = 1;
  pairs<K> buffer[2];
  for (int b = 0; b < 2; b++) {
    buffer[b].key = scratch_for<K>(a, rows * tiles * kept);
    buffer[b].place = scratch_for<uint32_t>(a, rows * tiles * kept);
    if (!buffer[b].key || !buffer[b].place) return no_scratch(a);
    if (tiles == 1) break;
  }
  int per_block = TILE / tile, at = 0;
  LAUNCH((tile_kernel<K, Load>), (unsigned)((rows * tiles + per_block - 1) / per_block), THREADS, 0,
         a->stream)
  (load, buffer[0], rows, n, tile, tiles, kept);
  *row = tiles * kept;
  if (select) {
    while (tiles > 1) {
      int64_t have = *row;
      tiles = (have + tile - 1) / tile;
      LAUNCH((tile_kernel<K, load_pairs<K>>),
             (unsigned)((rows * tiles + per_block - 1) / per_block), THREADS, 0, a->stream)
      (load_pairs<K>{buffer[at], have}, buffer[1 - at], rows, have, tile, tiles, kept);
      at = 1 - at;
      *row = tiles * kept;
    }
  } else {
    for (int64_t run = tile; run < *row; run *= 2) {
      LAUNCH(merge_kernel<K>, blocks_for(rows * *row), THREADS, 0, a->stream)
      (buffer[at], buffer[1 - at], rows, *row, run);
      at = 1 - at;
    }
  }
  *out = buffer[at];
  return 0;
}

#endif
