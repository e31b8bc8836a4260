/* Generated from core/ops.lua by core/gen.lua: do not edit. */

/* The same formulas for the card: functors, and X(name, whole numbers too) in the order of their numbers. */
#ifndef TNT_ELEMENTWISE_GEN_CUH
#define TNT_ELEMENTWISE_GEN_CUH
#include "functions.cuh"
struct add_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a + b);
  }
};
struct sub_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a - b);
  }
};
struct mul_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a * b);
  }
};
struct div_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a / b);
  }
};
struct div_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(-(dy * a) / (b * b));
  }
};
struct pow_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(POW(a, b));
  }
};
struct pow_da_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(b == (T)0 ? (T)0 : dy * b * POW(a, b - (T)1));
  }
};
struct pow_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T y = in[2];
    (void)in, (void)number;
    return (T)(a == (T)0 ? (T)0 : dy * y * LOG(a));
  }
};
struct maximum_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a > b || a != a ? a : b);
  }
};
struct maximum_da_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(a > b ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
};
struct maximum_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(b > a ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
};
struct minimum_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a < b || a != a ? a : b);
  }
};
struct minimum_da_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(a < b ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
};
struct minimum_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(b < a ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
};
struct remainder_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = true;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(MOD(a, b));
  }
};
struct remainder_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(-dy * FLOOR(a / b));
  }
};
struct floor_divide_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = true;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(FLOORDIV(a, b));
  }
};
struct atan2_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(ATAN2(a, b));
  }
};
struct atan2_da_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(dy * b / (a * a + b * b));
  }
};
struct atan2_db_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(-dy * a / (a * a + b * b));
  }
};
struct neg_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(-x);
  }
};
struct abs_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x < 0 ? -x : x);
  }
};
struct abs_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * SIGN(x));
  }
};
struct sign_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(SIGN(x));
  }
};
struct sign_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    (void)in, (void)number;
    return (T)(dy * (T)0);
  }
};
struct square_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x * x);
  }
};
struct square_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * x * (T)2);
  }
};
struct sqrt_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(SQRT(x));
  }
};
struct sqrt_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(dy / (y * (T)2));
  }
};
struct rsqrt_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(1 / SQRT(x));
  }
};
struct rsqrt_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(dy * y * y * y * -(T)0.5);
  }
};
struct reciprocal_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(1 / x);
  }
};
struct reciprocal_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(-dy * y * y);
  }
};
struct exp_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(EXP(x));
  }
};
struct expm1_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(EXPM1(x));
  }
};
struct expm1_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(dy * (y + (T)1));
  }
};
struct log_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(LOG(x));
  }
};
struct log1p_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(LOG1P(x));
  }
};
struct log1p_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy / (x + (T)1));
  }
};
struct log2_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(LOG(x) * (T)1.4426950408889634);
  }
};
struct log2_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy / x * (T)1.4426950408889634);
  }
};
struct sin_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(SIN(x));
  }
};
struct sin_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * COS(x));
  }
};
struct cos_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(COS(x));
  }
};
struct cos_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(-dy * SIN(x));
  }
};
struct tanh_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(TANH(x));
  }
};
struct tanh_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(dy * ((T)1 - y * y));
  }
};
struct erf_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(ERF(x));
  }
};
struct erf_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * EXP(-x * x) * (T)1.1283791670955126);
  }
};
struct floor_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(FLOOR(x));
  }
};
struct floor_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    (void)in, (void)number;
    return (T)(dy * (T)0);
  }
};
struct ceil_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(CEIL(x));
  }
};
struct ceil_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    (void)in, (void)number;
    return (T)(dy * (T)0);
  }
};
struct round_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(ROUND(x));
  }
};
struct round_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    (void)in, (void)number;
    return (T)(dy * (T)0);
  }
};
struct trunc_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(TRUNC(x));
  }
};
struct trunc_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    (void)in, (void)number;
    return (T)(dy * (T)0);
  }
};
struct clamp_row {
  static constexpr int INPUTS = 1, NUMBERS = 2;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T lo = scalar_to<T>(number[0]);
    const T hi = scalar_to<T>(number[1]);
    (void)in, (void)number;
    (void)lo;
    (void)hi;
    return (T)(x > (T)hi ? (T)hi : (x < (T)lo ? ((T)lo > (T)hi ? (T)hi : (T)lo) : x));
  }
};
struct clamp_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 2;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    const T lo = scalar_to<T>(number[0]);
    const T hi = scalar_to<T>(number[1]);
    (void)in, (void)number;
    (void)lo;
    (void)hi;
    return (T)(x < (T)lo ? (T)0 : (x > (T)hi ? (T)0 : dy));
  }
};
struct sigmoid_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(1 / (1 + EXP(-x)));
  }
};
struct sigmoid_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(dy * y * ((T)1 - y));
  }
};
struct relu_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x > 0 || x != x ? x : 0);
  }
};
struct relu_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T y = in[1];
    (void)in, (void)number;
    return (T)(y > (T)0 ? dy : (T)0);
  }
};
struct leaky_relu_row {
  static constexpr int INPUTS = 1, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T slope = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)slope;
    return (T)(x > 0 ? x : x * (T)slope);
  }
};
struct leaky_relu_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    const T slope = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)slope;
    return (T)(x > (T)0 ? dy : dy * (T)slope);
  }
};
struct elu_row {
  static constexpr int INPUTS = 1, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T alpha = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)alpha;
    return (T)(x > 0 ? x : (T)alpha * EXPM1(x));
  }
};
struct elu_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    const T alpha = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)alpha;
    return (T)(x > (T)0 ? dy : dy * EXP(x) * (T)alpha);
  }
};
struct silu_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x / (1 + EXP(-x)));
  }
};
struct silu_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * SIGMOID(x) * ((T)1 + x * ((T)1 - SIGMOID(x))));
  }
};
struct softplus_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x > 20 ? x : LOG1P(EXP(x)));
  }
};
struct softplus_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * SIGMOID(x));
  }
};
struct gelu_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)((T)0.5 * x * (1 + ERF(x * (T)0.7071067811865476)));
  }
};
struct gelu_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * (((T)1 + ERF(x * (T)0.7071067811865476)) * (T)0.5 + x * EXP(x * x * -(T)0.5) * (T)0.3989422804014327));
  }
};
struct gelu_tanh_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)((T)0.5 * x * (1 + TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))));
  }
};
struct gelu_tanh_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T x = in[1];
    (void)in, (void)number;
    return (T)(dy * ((T)0.5 * ((T)1 + TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))) + (T)0.5 * x * ((T)1 - TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x)) * TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))) * ((T)0.7978845608028654 * ((T)1 + (T)0.134145 * x * x))));
  }
};
struct eq_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a == b);
  }
};
struct ne_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a != b);
  }
};
struct lt_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a < b);
  }
};
struct le_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a <= b);
  }
};
struct gt_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a > b);
  }
};
struct ge_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a >= b);
  }
};
struct logical_and_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a != 0 && b != 0);
  }
};
struct logical_or_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)(a != 0 || b != 0);
  }
};
struct logical_xor_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T a = in[0];
    const T b = in[1];
    (void)in, (void)number;
    return (T)((a != 0) != (b != 0));
  }
};
struct logical_not_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x == 0);
  }
};
struct isnan_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x != x);
  }
};
struct isinf_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(ISINF(x));
  }
};
struct isfinite_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(ISFINITE(x));
  }
};
struct where_row {
  static constexpr int INPUTS = 3, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T m = in[0];
    const T a = in[1];
    const T b = in[2];
    (void)in, (void)number;
    return (T)(m != 0 ? a : b);
  }
};
struct where_da_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T m = in[1];
    (void)in, (void)number;
    return (T)(m != (T)0 ? dy : (T)0);
  }
};
struct where_db_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T m = in[1];
    (void)in, (void)number;
    return (T)(m != (T)0 ? (T)0 : dy);
  }
};
struct masked_fill_row {
  static constexpr int INPUTS = 2, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T m = in[1];
    const T value = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)value;
    return (T)(m != 0 ? (T)value : x);
  }
};
struct masked_fill_dx_row {
  static constexpr int INPUTS = 2, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T m = in[1];
    const T value = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)value;
    return (T)(m != (T)0 ? (T)0 : dy);
  }
};
struct fill_row {
  static constexpr int INPUTS = 1, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T value = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)x;
    (void)value;
    return (T)((T)value);
  }
};
struct fill_dx_row {
  static constexpr int INPUTS = 1, NUMBERS = 1;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T dy = in[0];
    const T value = scalar_to<T>(number[0]);
    (void)in, (void)number;
    (void)value;
    return (T)(dy * (T)0);
  }
};
struct copy_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x);
  }
};
struct contiguous_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x);
  }
};
struct channels_last_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x);
  }
};
struct cast_row {
  static constexpr int INPUTS = 1, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    (void)in, (void)number;
    return (T)(x);
  }
};
struct assign_row {
  static constexpr int INPUTS = 2, NUMBERS = 0;
  static constexpr bool DIVIDES = false;
  template <typename T>
  static __device__ __forceinline__ T run(const T *in, const double *number) {
    const T x = in[0];
    const T v = in[1];
    (void)in, (void)number;
    (void)x;
    return (T)(v);
  }
};
#define TNT_CUDA_ROWS(X) \
  X(add, 1) \
  X(sub, 1) \
  X(mul, 1) \
  X(div, 0) \
  X(div_db, 0) \
  X(pow, 1) \
  X(pow_da, 0) \
  X(pow_db, 0) \
  X(maximum, 1) \
  X(maximum_da, 0) \
  X(maximum_db, 0) \
  X(minimum, 1) \
  X(minimum_da, 0) \
  X(minimum_db, 0) \
  X(remainder, 1) \
  X(remainder_db, 0) \
  X(floor_divide, 1) \
  X(atan2, 0) \
  X(atan2_da, 0) \
  X(atan2_db, 0) \
  X(neg, 1) \
  X(abs, 1) \
  X(abs_dx, 0) \
  X(sign, 1) \
  X(sign_dx, 0) \
  X(square, 1) \
  X(square_dx, 0) \
  X(sqrt, 0) \
  X(sqrt_dx, 0) \
  X(rsqrt, 0) \
  X(rsqrt_dx, 0) \
  X(reciprocal, 0) \
  X(reciprocal_dx, 0) \
  X(exp, 0) \
  X(expm1, 0) \
  X(expm1_dx, 0) \
  X(log, 0) \
  X(log1p, 0) \
  X(log1p_dx, 0) \
  X(log2, 0) \
  X(log2_dx, 0) \
  X(sin, 0) \
  X(sin_dx, 0) \
  X(cos, 0) \
  X(cos_dx, 0) \
  X(tanh, 0) \
  X(tanh_dx, 0) \
  X(erf, 0) \
  X(erf_dx, 0) \
  X(floor, 1) \
  X(floor_dx, 0) \
  X(ceil, 1) \
  X(ceil_dx, 0) \
  X(round, 1) \
  X(round_dx, 0) \
  X(trunc, 1) \
  X(trunc_dx, 0) \
  X(clamp, 1) \
  X(clamp_dx, 0) \
  X(sigmoid, 0) \
  X(sigmoid_dx, 0) \
  X(relu, 1) \
  X(relu_dx, 0) \
  X(leaky_relu, 0) \
  X(leaky_relu_dx, 0) \
  X(elu, 0) \
  X(elu_dx, 0) \
  X(silu, 0) \
  X(silu_dx, 0) \
  X(softplus, 0) \
  X(softplus_dx, 0) \
  X(gelu, 0) \
  X(gelu_dx, 0) \
  X(gelu_tanh, 0) \
  X(gelu_tanh_dx, 0) \
  X(eq, 1) \
  X(ne, 1) \
  X(lt, 1) \
  X(le, 1) \
  X(gt, 1) \
  X(ge, 1) \
  X(logical_and, 1) \
  X(logical_or, 1) \
  X(logical_xor, 1) \
  X(logical_not, 1) \
  X(isnan, 1) \
  X(isinf, 1) \
  X(isfinite, 1) \
  X(where, 1) \
  X(where_da, 0) \
  X(where_db, 0) \
  X(masked_fill, 1) \
  X(masked_fill_dx, 0) \
  X(fill, 1) \
  X(fill_dx, 0) \
  X(copy, 1) \
  X(contiguous, 1) \
  X(channels_last, 1) \
  X(cast, 1) \
  X(assign, 1)
#endif
