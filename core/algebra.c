/* The library of dense algebra, opened at the first product: OpenBLAS in its openmp build, so that all threads are one
 * pool (the pthread build fights with ours). Without it kernels use their own loops. */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "core.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

static void (*cblas_sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
static void (*cblas_dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);

static void sgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float beta, float *y, int64_t ldy) {
  cblas_sgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb,
              beta, y, (int)ldy);
}

static void dgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda, const double *b,
                  int64_t ldb, double beta, double *y, int64_t ldy) {
  cblas_dgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb,
              beta, y, (int)ldy);
}

static tnt__algebra algebra;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *found = "";

static void *open_library(void) {
  static const char *const names[] = {
#ifdef TNT_BLAS_PATH
    TNT_BLAS_PATH,
#endif
    "libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
  const char *wanted = getenv("TNT_BLAS"); /* a path, or "none" for our own loops */
  if (wanted) return strcmp(wanted, "none") ? dlopen(wanted, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) : NULL;
  /* beside this library first: a bundle brings its own */
  Dl_info own;
  if (dladdr((void *)(uintptr_t)&tnt__algebra_get, &own) && own.dli_fname) {
    char path[4096];
    const char *slash = strrchr(own.dli_fname, '/');
    size_t n = slash ? (size_t)(slash - own.dli_fname) + 1 : 0;
    if (n && n + 32 < sizeof path) {
      memcpy(path, own.dli_fname, n);
      memcpy(path + n, "libopenblas.so.0", 17);
      void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
      if (library) return library;
    }
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library) {
      found = names[i];
      return library;
    }
  }
  return NULL;
}

static void find(void) {
  void *library = open_library();
  if (!library) return;
  *(void **)&cblas_sgemm = dlsym(library, "cblas_sgemm");
  *(void **)&cblas_dgemm = dlsym(library, "cblas_dgemm");
  if (cblas_sgemm) algebra.sgemm = sgemm;
  if (cblas_dgemm) algebra.dgemm = dgemm;
}

const tnt__algebra *tnt__algebra_get(void) {
  pthread_once(&once, find);
  return &algebra;
}
