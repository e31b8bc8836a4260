/* The functions that formulas use, for the compute type T. Those of float are written out so that loops over them
 * vectorise (libm's do not); they are within 2 ulp of it. Those of double are libm's. */
#ifndef TNT_MATH_H
#define TNT_MATH_H

#define LOOP_SIMD _Pragma("GCC ivdep")

#if TNT_IS_INT64

#define TO_T(v) \
  ((v) != (v) ? 0 : (v) <= -9.2e18 ? INT64_MIN : (v) >= 9.2e18 ? INT64_MAX : (int64_t)(v))
static inline T int_power(T a, T b) { /* b < 0: only 1 and -1 have a whole inverse */
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t y = 1, x = (uint64_t)a;
  for (; b; b >>= 1, x *= x) {
    if (b & 1) y *= x;
  }
  return (T)y;
}
static inline T int_floor_divide(T a, T b) {
  if (b == 0) return 0; /* checked where it is called from */
  if (b == -1) return (T)(0 - (uint64_t)a);
  T q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}
static inline T int_remainder(T a, T b) {
  if (b == 0 || b == -1) return 0;
  T m = a % b;
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
#define POW(a, b) int_power(a, b)
#define MOD(a, b) int_remainder(a, b)
#define FLOORDIV(a, b) int_floor_divide(a, b)
#define SIGN(x) (((x) > 0) - ((x) < 0))
#define FLOOR(x) (x)
#define CEIL(x) (x)
#define ROUND(x) (x)
#define TRUNC(x) (x)
#define ISNAN(x) 0
#define ISINF(x) 0
#define ISFINITE(x) 1

#else

#define TO_T(v) ((T)(v))
#define SIGN(x) ((T)((x) > 0) - (T)((x) < 0))
#define ISNAN(x) ((x) != (x))
#define ISINF(x) ((x) - (x) != (x) - (x) && (x) == (x))
#define ISFINITE(x) ((x) - (x) == 0)
#define SIGMOID(x) (1 / (1 + EXP(-(x))))

#if TNT_IS_DOUBLE

#define EXP exp
#define EXPM1 expm1
#define LOG log
#define LOG1P log1p
#define SQRT sqrt
#define SIN sin
#define COS cos
#define TANH tanh
#define ERF erf
#define POW pow
#define ATAN2 atan2
#define FLOOR floor
#define CEIL ceil
#define ROUND rint
#define TRUNC trunc
static inline double mod_double(double a, double b) {
  double m = fmod(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
#define MOD mod_double
/* The floor of the exact quotient, which rounding may lift over a whole number (1 / 0.1). Source: PyTorch, div_floor. */
static inline double floor_divide_double(double a, double b) {
  if (b == 0) return a / b;
  double m = fmod(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return copysign(0, a / b);
  double f = floor(q);
  return q - f > 0.5 ? f + 1 : f;
}
#define FLOORDIV floor_divide_double

#else

static inline float bits_float(int32_t i) {
  float f;
  memcpy(&f, &i, 4);
  return f;
}
static inline int32_t float_bits(float f) {
  int32_t i;
  memcpy(&i, &f, 4);
  return i;
}

/* exp(x) = 2^n exp(r), r in +-ln(2)/2, by a polynomial. Source: Cephes, expf. 2^n goes in two halves, so that results
 * below the normal range are right too. */
static inline float exp_float(float x) {
  float c = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  float n = rintf(c * 1.44269504088896341f);
  float r = c - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t k = (int32_t)n, half = k >> 1;
  float y = p * bits_float((int32_t)((uint32_t)(half + 127) << 23)) *
            bits_float((int32_t)((uint32_t)(k - half + 127) << 23));
  return x != x ? x : (x > 88.722839f ? INFINITY : y);
}

/* log(x), x = 2^e m. Source: Cephes, logf. */
static inline float log_float(float x) {
  int small = x < 1.17549435e-38f;
  float s = small ? x * 33554432.0f : x; /* subnormal: times 2^25 */
  int32_t i = float_bits(s);
  float e = (float)((i >> 23) - 126 - (small ? 25 : 0));
  float m = bits_float((i & 0x007fffff) | 0x3f000000);
  int low = m < 0.707106781186547524f;
  e = low ? e - 1.0f : e;
  m = (low ? m + m : m) - 1.0f;
  float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = m * z * p + e * -2.12194440e-4f - 0.5f * z;
  y = m + y + e * 0.693359375f;
  y = x > 3.4e38f ? INFINITY : y;
  y = x == 0 ? -INFINITY : y;
  return x < 0 || x != x ? NAN : y;
}

/* Source: Cephes, tanhf: a polynomial near 0, exp elsewhere. */
static inline float tanh_float(float x) {
  float a = fabsf(x), z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float near = p * z * x + x;
  float far = 1.0f - 2.0f / (exp_float(a + a) + 1.0f);
  far = x < 0 ? -far : far;
  return a < 0.625f ? near : far;
}

/* erf(x) by the complementary function. Source: W. J. Cody's idea in the form of Numerical Recipes' erfc (Chebyshev,
 * relative error 1.2e-7) beyond 1, the Taylor series below. */
static inline float erf_float(float x) {
  float a = fabsf(x), z = x * x;
  float near =
      1.1283791670955126f * x *
      (1.0f +
       z * (-0.33333333333f +
            z * (0.1f + z * (-0.023809523810f +
                             z * (0.0046296296296f +
                                  z * (-0.00075757575758f +
                                       z * (0.00010683760684f +
                                            z * (-0.000013227513228f + z * 0.0000014589169f))))))));
  float t = 1.0f / (1.0f + 0.5f * a);
  float q =
      -1.26551223f +
      t * (1.00002368f +
           t * (0.37409196f +
                t * (0.09678418f +
                     t * (-0.18628806f +
                          t * (0.27886807f +
                               t * (-1.13520398f +
                                    t * (1.48851587f + t * (-0.82215223f + t * 0.17087277f))))))));
  float far = 1.0f - t * exp_float(-z + q);
  far = x < 0 ? -far : far;
  return a < 1.0f ? near : (x != x ? x : far);
}

static inline float expm1_float(float x) {
  float a = fabsf(x);
  float near =
      x *
      (1.0f +
       x * (0.5f + x * (0.16666666667f +
                        x * (0.041666666667f + x * (0.0083333333333f +
                                                    x * (0.0013888888889f + x * 0.0001984127f))))));
  return a < 0.35f ? near : exp_float(x) - 1.0f;
}

static inline float log1p_float(
    float x) { /* Source: Higham 2002, problem 1.5: the rounding of 1 + x cancels */
  float u = 1.0f + x;
  float d = u - 1.0f;
  float y = log_float(u) * (x / (d == 0 ? 1.0f : d));
  return d == 0 ? x : (u > 3.4e38f ? INFINITY : y);
}

static inline float mod_float(float a, float b) {
  float m = fmodf(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

#define EXP exp_float
#define EXPM1 expm1_float
#define LOG log_float
#define LOG1P log1p_float
#define SQRT sqrtf
#define SIN sinf
#define COS cosf
#define TANH tanh_float
#define ERF erf_float
#define POW powf
#define ATAN2 atan2f
#define FLOOR floorf
#define CEIL ceilf
#define ROUND rintf
#define TRUNC truncf
#define MOD mod_float
static inline float floor_divide_float(float a, float b) { /* as floor_divide_double */
  if (b == 0) return a / b;
  float m = fmodf(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return copysignf(0, a / b);
  float f = floorf(q);
  return q - f > 0.5f ? f + 1 : f;
}
#define FLOORDIV floor_divide_float

#endif
#endif

/* Threads worth waking for `work` elements. */
#define THREADS(work) ((work) >= TNT_PARALLEL_FROM ? tnt_num_threads() : 1)

/* `body` for i in 0..n-1, shared by the `threads` threads of the caller's variable. With one thread it is a plain loop:
 * entering a parallel region costs a system call even then. */
#define PARALLEL_FOR(i, n, ...)                                                          \
  do {                                                                                   \
    if (threads > 1) {                                                                   \
      _Pragma("omp parallel for num_threads(threads)") for (int64_t i = 0; i < (n); i++) \
          __VA_ARGS__                                                                    \
    } else {                                                                             \
      for (int64_t i = 0; i < (n); i++) __VA_ARGS__                                      \
    }                                                                                    \
  } while (0)

#endif
