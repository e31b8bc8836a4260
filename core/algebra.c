/* The libraries of dense algebra and convolution, each opened at its first use: OpenBLAS in its openmp build, so that all
 * threads are one pool (the pthread build fights with ours), and libtnt_dnnl.so, which brings oneDNN. Without them kernels
 * use their own loops. TNT_BLAS and TNT_DNNL name another library, or "none". */
#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "../kernels/cpu.h"
#include "core.h"
#include "dnnl/tnt_dnnl.h"

/* -- finding ------------------------------------------------------------------------------------------------------- */
static void *open_library(const char *name) {
  return dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* A library in the folder of this one. */
static void *open_beside(const char *name) {
  Dl_info own;
  char path[4096];
  if (!dladdr((void *)(uintptr_t)&tnt__algebra_get, &own) || !own.dli_fname) return NULL;
  const char *slash = strrchr(own.dli_fname, '/');
  size_t n = slash ? (size_t)(slash - own.dli_fname) + 1 : 0, more = strlen(name) + 1;
  if (!n || n + more > sizeof path) return NULL;
  memcpy(path, own.dli_fname, n);
  memcpy(path + n, name, more);
  return open_library(path);
}

/* -- products ------------------------------------------------------------------------------------------------------ */
enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

static void (*cblas_sgemm)(int, int, int, int, int, int, float, const float *, int, const float *,
                           int, float, float *, int);
static void (*cblas_dgemm)(int, int, int, int, int, int, double, const double *, int,
                           const double *, int, double, double *, int);
static void (*set_threads)(int); /* null in other libraries */
static int (*get_threads)(void);

static void sgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                  int64_t lda, const float *b, int64_t ldb, float beta, float *y, int64_t ldy) {
  cblas_sgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k,
              alpha, a, (int)lda, b, (int)ldb, beta, y, (int)ldy);
}

static void dgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                  int64_t lda, const double *b, int64_t ldb, double beta, double *y, int64_t ldy) {
  cblas_dgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k,
              alpha, a, (int)lda, b, (int)ldb, beta, y, (int)ldy);
}

static tnt__algebra algebra;
static const tnt__algebra no_algebra;
static pthread_once_t algebra_once = PTHREAD_ONCE_INIT;

static void *find_blas(void) {
  static const char *const names[] = {
#ifdef TNT_BLAS_PATH
      TNT_BLAS_PATH,
#endif
      "libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
  const char *wanted = getenv("TNT_BLAS");
  if (wanted) return strcmp(wanted, "none") ? open_library(wanted) : NULL;
  void *library = open_beside("libopenblas.so.0"); /* a bundle brings its own */
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
    library = open_library(names[i]);
  return library;
}

static void open_algebra(void) {
  void *library = find_blas();
  if (!library) return;
  *(void **)&cblas_sgemm = dlsym(library, "cblas_sgemm");
  *(void **)&cblas_dgemm = dlsym(library, "cblas_dgemm");
  *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
  *(void **)&get_threads = dlsym(library, "openblas_get_num_threads");
  if (!get_threads) set_threads = NULL;
  if (cblas_sgemm) algebra.sgemm = sgemm;
  if (cblas_dgemm) algebra.dgemm = dgemm;
}

/* OpenBLAS has one number of threads for the process and, once that is 1, stays there. The main thread sets it; another
 * thread with a number of its own (a loader's worker) goes without, because setting it would take the buffers of a
 * product under way. */
const tnt__algebra *tnt__algebra_get(void) {
  static __thread int main_thread; /* 0: not asked yet, 1: it is, 2: it is not */
  pthread_once(&algebra_once, open_algebra);
  if (!set_threads || omp_in_parallel()) return &algebra;
  int n = tnt_num_threads();
  if (LIKELY(get_threads() == n)) return &algebra;
  if (!main_thread) main_thread = getpid() == gettid() ? 1 : 2;
  if (main_thread == 2) return &no_algebra;
  set_threads(n);
  return get_threads() == n || n > 1 ? &algebra : &no_algebra;
}

/* -- convolutions -------------------------------------------------------------------------------------------------- */
static const tnt__convolutions *convolutions;
static pthread_once_t convolutions_once = PTHREAD_ONCE_INIT;

static void open_convolutions(void) {
  static const tnt__dnnl_host host = {block_alloc, block_free};
  const char *wanted = getenv("TNT_DNNL");
  if (wanted && !strcmp(wanted, "none")) return;
  void *library = wanted ? open_library(wanted) : open_beside("libtnt_dnnl.so");
  if (!library) return;
  const tnt__convolutions *(*open)(const tnt__dnnl_host *, size_t) = NULL;
  *(void **)&open = dlsym(library, "tnt_dnnl_open");
  if (open) convolutions = open(&host, sizeof(tnt__conv));
}

const tnt__convolutions *tnt__convolutions_get(void) {
  pthread_once(&convolutions_once, open_convolutions);
  return convolutions;
}
