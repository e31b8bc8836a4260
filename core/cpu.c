/* Which of the CPU's kernels serve this machine, and how many threads they use. */
#include <omp.h>
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "core.h"

#define KERNELS(isa)                                                             \
  extern const tnt__kernels tnt__kernels_float_##isa, tnt__kernels_double_##isa, \
      tnt__kernels_int64_##isa
KERNELS(base);
#ifdef __x86_64__
KERNELS(avx2);
KERNELS(avx512);
#endif

static const tnt__kernels *chosen[3];
static int n_threads;

__attribute__((constructor)) static void choose(void) {
  const tnt__kernels *base[3] = {&tnt__kernels_float_base, &tnt__kernels_double_base,
                                 &tnt__kernels_int64_base};
  const tnt__kernels **best = base;
#ifdef __x86_64__
  const tnt__kernels *avx2[3] = {&tnt__kernels_float_avx2, &tnt__kernels_double_avx2,
                                 &tnt__kernels_int64_avx2};
  const tnt__kernels *avx512[3] = {&tnt__kernels_float_avx512, &tnt__kernels_double_avx512,
                                   &tnt__kernels_int64_avx512};
  const char *wanted = getenv("TNT_ISA"); /* "base" or "avx2": for tests of the slower kernels */
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v3") && !(wanted && !strcmp(wanted, "base"))) {
    best = avx2;
    if (__builtin_cpu_supports("x86-64-v4") && !(wanted && !strcmp(wanted, "avx2"))) best = avx512;
  }
#endif
  for (int i = 0; i < 3; i++) chosen[i] = best[i];
}

const tnt__kernels *kernels_for(int dtype) {
  return chosen[dtype == TNT_F64 ? 1 : category(dtype) == 2 ? 0 : 2];
}

const char *tnt_isa(void) { return chosen[0]->isa; }

/* The number of threads is this thread's own where it was set (workers compute on one), else the machine's. */
static __thread int own_threads;
int tnt_num_threads(void) {
  if (own_threads) return own_threads;
  if (!n_threads) n_threads = omp_get_max_threads();
  return n_threads;
}

int tnt_set_num_threads(int n) {
  if (n < 1 || n > 1024)
    return fail(TNT_EARGUMENT, "set_num_threads: expected 1 to 1024, got %d", n);
  own_threads = n;
  omp_set_num_threads(n);
  return 0;
}
