/* Pooling over windows of [N, C, H, W]. A thread makes one output; the gradient of means is gathered by its inputs, that of
 * maxima is given out in one order, so that windows that overlap add up to the same bits in every run. */
#include "cuda.cuh"

struct pool {
  int64_t images, h, w, p, q;
  int kh, kw, sh, sw, ph, pw;
};

static int64_t pair_of(const int64_t *list, int i) { return list[0] == 1 ? list[1] : list[1 + i]; }
static pool pool_of(const int64_t *x, const int64_t *y, const int64_t *lists) {
  pool k;
  k.images = x[0] * x[1], k.h = x[2], k.w = x[3], k.p = y[2], k.q = y[3];
  k.kh = (int)pair_of(lists, 0), k.kw = (int)pair_of(lists, 1);
  k.sh = (int)pair_of(lists + 9, 0), k.sw = (int)pair_of(lists + 9, 1);
  k.ph = (int)pair_of(lists + 18, 0), k.pw = (int)pair_of(lists + 18, 1);
  return k;
}

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
    int64_t q = at % k.q, row = at / k.q, p = row % k.p;
    const T *x = in + row / k.p * k.h * k.w;
    window v(k, p, q);
    int64_t place = v.i0 * k.w + v.j0;
    acc<T> top = to_compute(x[place]);
    for (int64_t i = v.i0; i < v.i1; i++) {
      for (int64_t j = v.j0; j < v.j1; j++) {
        acc<T> here = to_compute(x[i * k.w + j]);
        if (here > top || (here != here && top == top)) top = here, place = i * k.w + j;
      }
    }
    out[at] = from_compute<T>(top);
    places[at] = place;
  }
}

/* A warp to an image: of 32 outputs at a time, the first with a place adds up the others that have it. */
template <typename T>
__global__ void maxpool2d_grad_kernel(const T *dy, const int64_t *places, acc<T> *sums, T *dx,
                                      int64_t images, int64_t ins, int64_t outs, const char *op,
                                      tnt__fault *faults) {
  using A = acc<T>;
  int lane = threadIdx.x;
  for (int64_t n = (int64_t)blockIdx.x * blockDim.y + threadIdx.y; n < images;
       n += (int64_t)gridDim.x * blockDim.y) {
    A *to = sums + n * ins;
    for (int64_t i = lane; i < ins; i += WARP) to[i] = 0;
    __syncwarp();
    for (int64_t first = 0; first < outs; first += WARP) {
      int64_t i = n * outs + first + lane, place = -1;
      A g = 0, sum = 0;
      if (first + lane < outs) {
        place = checked_id(faults, op, places[i], ins, i);
        g = to_compute(dy[i]);
      }
      bool leads = place >= 0;
      for (int other = 0; other < WARP; other++) {
        int theirs = __shfl_sync(WHOLE_WARP, (int)place, other);
        A v = __shfl_sync(WHOLE_WARP, g, other);
        if (theirs != (int)place) continue;
        if (other < lane) leads = false;
        sum += v;
      }
      if (leads) to[place] += sum;
      __syncwarp();
    }
    if ((void *)sums == (void *)dx) continue;
    for (int64_t i = lane; i < ins; i += WARP) dx[n * ins + i] = from_compute<T>(to[i]);
  }
}

template <typename T>
__global__ void avgpool2d_kernel(const T *in, T *out, pool k, bool include, int64_t n) {
  FOR_EACH(at, n) {
    int64_t q = at % k.q, row = at / k.q, p = row % k.p;
    const T *x = in + row / k.p * k.h * k.w;
    window v(k, p, q);
    acc<T> s = 0;
    for (int64_t i = v.i0; i < v.i1; i++) {
      for (int64_t j = v.j0; j < v.j1; j++) s += to_compute(x[i * k.w + j]);
    }
    out[at] = from_compute<T>(s / (acc<T>)(include ? v.area : (v.i1 - v.i0) * (v.j1 - v.j0)));
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
__global__ void avgpool2d_grad_kernel(const T *dy, T *dx, pool k, bool include, int64_t n) {
  FOR_EACH(at, n) {
    int64_t j = at % k.w, row = at / k.w, i = row % k.h, p0, p1, q0, q1;
    const T *g = dy + row / k.h * k.p * k.q;
    windows_over(i, k.ph, k.kh, k.sh, k.p, &p0, &p1);
    windows_over(j, k.pw, k.kw, k.sw, k.q, &q0, &q1);
    acc<T> s = 0;
    for (int64_t p = p0; p < p1; p++) {
      for (int64_t q = q0; q < q1; q++) {
        window v(k, p, q);
        s +=
            to_compute(g[p * k.q + q]) / (acc<T>)(include ? v.area : (v.i1 - v.i0) * (v.j1 - v.j0));
      }
    }
    dx[at] = from_compute<T>(s);
  }
}

#define LAUNCH_OVER(kernel, n) \
  LAUNCH(kernel, dim3(blocks_for(n, THREADS, 1 << 20)), dim3(THREADS), 0, a->stream)

extern "C" int maxpool2d_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0], *y = &a->out[0];
  pool k = pool_of(x->size, y->size, a->integer + MAXPOOL2D_KERNEL);
  if (y->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    LAUNCH_OVER(maxpool2d_kernel<T>, y->numel)
    ((const T *)x->data, (T *)y->data, (int64_t *)a->out[1].data, k, y->numel);
  })
  return launched(a);
}

extern "C" int maxpool2d_grad_cuda(tnt__args *a) {
  const tnt__view *dy = &a->in[0], *dx = &a->out[0];
  int64_t images = dx->size[0] * dx->size[1], ins = dx->size[2] * dx->size[3];
  if (dx->numel == 0) return 0;
  if (ins > INT32_MAX) {
    return a->fail(TNT_ESHAPE, "%s: images of more than 2^31 elements have no kernel on a card",
                   a->op);
  }
  FLOATS(dx->dtype, T, {
    T *to = (T *)dx->data;
    acc<T> *sums = sizeof(T) == 2 ? scratch_for<acc<T>>(a, dx->numel) : (acc<T> *)dx->data;
    if (!sums) return no_scratch(a);
    LAUNCH(maxpool2d_grad_kernel<T>, dim3(blocks_for(images, 4, 1 << 20)), dim3(WARP, 4), 0,
           a->stream)
    ((const T *)dy->data, (const int64_t *)a->in[1].data, sums, to, images, ins, dy->numel / images,
     a->op, fault_here());
  })
  return launched(a);
}

extern "C" int avgpool2d_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0], *y = &a->out[0];
  pool k = pool_of(x->size, y->size, a->integer + AVGPOOL2D_KERNEL);
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
  pool k = pool_of(dx->size, dy->size, a->integer + AVGPOOL2D_GRAD_KERNEL);
  bool include = a->integer[AVGPOOL2D_GRAD_INCLUDE_PAD] != 0;
  if (dx->numel == 0) return 0;
  FLOATS(dx->dtype, T, {
    LAUNCH_OVER(avgpool2d_grad_kernel<T>, dx->numel)
    ((const T *)dy->data, (T *)dx->data, k, include, dx->numel);
  })
  return launched(a);
}
