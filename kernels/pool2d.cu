/* Pooling over windows of [N, C, H, W]. A thread makes one output; gradients are gathered by the inputs, each from the windows
 * that hold it, so that sums have one order and nothing is written twice. */
#include "cuda.cuh"

struct pool {
  int64_t c, h, w, p, q;
  int kh, kw, sh, sw, ph, pw;
  bool last; /* channels-last */
};

static int64_t pair_of(const int64_t *list, int i) { return list[0] == 1 ? list[1] : list[1 + i]; }
static pool pool_of(const tnt__args *a, const int64_t *x, const int64_t *y, const int64_t *lists) {
  pool k;
  k.c = x[1], k.h = x[2], k.w = x[3], k.p = y[2], k.q = y[3];
  k.kh = (int)pair_of(lists, 0), k.kw = (int)pair_of(lists, 1);
  k.sh = (int)pair_of(lists + 9, 0), k.sw = (int)pair_of(lists + 9, 1);
  k.ph = (int)pair_of(lists + 18, 0), k.pw = (int)pair_of(lists + 18, 1);
  k.last = a->channels_last;
  return k;
}

/* Element `at` of a tensor of rows x columns an image; and where its channel begins in a tensor of `others` places an image,
 * whose places lie `step` apart. */
struct spot {
  int64_t row, column, start, step;
  __device__ __forceinline__ spot(const pool &k, int64_t at, int64_t rows, int64_t columns,
                                  int64_t others) {
    int64_t places = rows * columns, channel = 0, rest = at, place;
    if (k.last) rest = at / k.c, channel = at - rest * k.c;
    int64_t image = rest / places; /* row-major: a plane */
    place = rest - image * places;
    step = k.last ? k.c : 1;
    start = image * others * step + channel;
    row = place / columns, column = place - row * columns;
  }
};

/* The rows i0..i1 and columns j0..j1 of a window that lie in its image, and how much of it lies in the padded one. */
struct window {
  int64_t i0, i1, j0, j1, area;
  __device__ __forceinline__ window(const pool &k, int64_t p, int64_t q) {
    i0 = p * k.sh - k.ph, i1 = i0 + k.kh;
    j0 = q * k.sw - k.pw, j1 = j0 + k.kw;
    area = ((i1 < k.h + k.ph ? i1 : k.h + k.ph) - i0) * ((j1 < k.w + k.pw ? j1 : k.w + k.pw) - j0);
    i0 = i0 < 0 ? 0 : i0, i1 = i1 > k.h ? k.h : i1;
    j0 = j0 < 0 ? 0 : j0, j1 = j1 > k.w ? k.w : j1;
  }
};

template <typename T>
__global__ void maxpool2d_kernel(const T *in, T *out, int64_t *places, pool k, int64_t n) {
  FOR_EACH(at, n) {
    spot s(k, at, k.p, k.q, k.h * k.w);
    const T *x = in + s.start;
    window v(k, s.row, s.column);
    int64_t place = v.i0 * k.w + v.j0;
    acc<T> top = to_compute(x[place * s.step]);
    for (int64_t i = v.i0; i < v.i1; i++) {
      for (int64_t j = v.j0; j < v.j1; j++) {
        acc<T> here = to_compute(x[(i * k.w + j) * s.step]);
        if (here > top || (here != here && top == top)) top = here, place = i * k.w + j;
      }
    }
    out[at] = from_compute<T>(top);
    places[at] = place;
  }
}

template <typename T>
__global__ void avgpool2d_kernel(const T *in, T *out, pool k, bool include, int64_t n) {
  FOR_EACH(at, n) {
    spot s(k, at, k.p, k.q, k.h * k.w);
    const T *x = in + s.start;
    window v(k, s.row, s.column);
    acc<T> sum = 0;
    for (int64_t i = v.i0; i < v.i1; i++) {
      for (int64_t j = v.j0; j < v.j1; j++) sum += to_compute(x[(i * k.w + j) * s.step]);
    }
    out[at] = from_compute<T>(sum / (acc<T>)(include ? v.area : (v.i1 - v.i0) * (v.j1 - v.j0)));
  }
}

/* The windows that hold place i of a dim: first..last - 1. */
static __device__ __forceinline__ void windows_over(int64_t i, int pad, int kernel, int stride,
                                                    int64_t all, int64_t *first, int64_t *last) {
  int64_t above = i + pad - kernel; /* a window that starts there ends before i */
  *first = above < 0 ? 0 : above / stride + 1;
  *last = (i + pad) / stride + 1;
  if (*last > all) *last = all;
}

template <typename T>
__global__ void maxpool2d_grad_kernel(const T *dy, const int64_t *places, T *dx, pool k, int64_t n,
                                      const char *op, tnt__fault *faults) {
  FOR_EACH(at, n) {
    spot s(k, at, k.h, k.w, k.p * k.q);
    int64_t p0, p1, q0, q1, here = s.row * k.w + s.column;
    windows_over(s.row, k.ph, k.kh, k.sh, k.p, &p0, &p1);
    windows_over(s.column, k.pw, k.kw, k.sw, k.q, &q0, &q1);
    acc<T> sum = 0;
    for (int64_t p = p0; p < p1; p++) {
      for (int64_t q = q0; q < q1; q++) {
        int64_t i = s.start + (p * k.q + q) * s.step;
        if (checked_id(faults, op, places[i], k.h * k.w, i) == here) sum += to_compute(dy[i]);
      }
    }
    dx[at] = from_compute<T>(sum);
  }
}

template <typename T>
__global__ void avgpool2d_grad_kernel(const T *dy, T *dx, pool k, bool include, int64_t n) {
  FOR_EACH(at, n) {
    spot s(k, at, k.h, k.w, k.p * k.q);
    int64_t p0, p1, q0, q1;
    windows_over(s.row, k.ph, k.kh, k.sh, k.p, &p0, &p1);
    windows_over(s.column, k.pw, k.kw, k.sw, k.q, &q0, &q1);
    acc<T> sum = 0;
    for (int64_t p = p0; p < p1; p++) {
      for (int64_t q = q0; q < q1; q++) {
        window v(k, p, q);
        sum += to_compute(dy[s.start + (p * k.q + q) * s.step]) /
               (acc<T>)(include ? v.area : (v.i1 - v.i0) * (v.j1 - v.j0));
      }
    }
    dx[at] = from_compute<T>(sum);
  }
}

#define LAUNCH_OVER(kernel, n) \
  LAUNCH(kernel, dim3(blocks_for(n, THREADS, 1 << 20)), dim3(THREADS), 0, a->stream)

extern "C" int maxpool2d_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0], *y = &a->out[0];
  pool k = pool_of(a, x->size, y->size, a->integer + MAXPOOL2D_KERNEL);
  if (y->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    LAUNCH_OVER(maxpool2d_kernel<T>, y->numel)
    ((const T *)x->data, (T *)y->data, (int64_t *)a->out[1].data, k, y->numel);
  })
  return launched(a);
}

extern "C" int maxpool2d_grad_cuda(tnt__args *a) {
  const tnt__view *dy = &a->in[0], *dx = &a->out[0];
  pool k = pool_of(a, dx->size, dy->size, a->integer + MAXPOOL2D_GRAD_KERNEL);
  if (dx->numel == 0) return 0;
  FLOATS(dx->dtype, T, {
    LAUNCH_OVER(maxpool2d_grad_kernel<T>, dx->numel)
    ((const T *)dy->data, (const int64_t *)a->in[1].data, (T *)dx->data, k, dx->numel, a->op,
     fault_here());
  })
  return launched(a);
}

extern "C" int avgpool2d_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0], *y = &a->out[0];
  pool k = pool_of(a, x->size, y->size, a->integer + AVGPOOL2D_KERNEL);
  bool include = a->integer[AVGPOOL2D_INCLUDE_PAD] != 0;
  if (y->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    LAUNCH_OVER(avgpool2d_kernel<T>, y->numel)
    ((const T *)x->data, (T *)y->data, k, include, y->numel);
  })
  return launched(a);
}

extern "C" int avgpool2d_grad_cuda(tnt__args *a) {
  const tnt__view *dy = &a->in[0], *dx = &a->out[0];
  pool k = pool_of(a, dx->size, dy->size, a->integer + AVGPOOL2D_GRAD_KERNEL);
  bool include = a->integer[AVGPOOL2D_GRAD_INCLUDE_PAD] != 0;
  if (dx->numel == 0) return 0;
  FLOATS(dx->dtype, T, {
    LAUNCH_OVER(avgpool2d_grad_kernel<T>, dx->numel)
    ((const T *)dy->data, (T *)dx->data, k, include, dx->numel);
  })
  return launched(a);
}
