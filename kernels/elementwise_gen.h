/* Generated from core/ops.lua by core/gen.lua: do not edit. */

/* Rows of elementwise ops: y[i] = formula. vv: all vectors; vs, sv: the second or first input is one number. */
static void add_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a + b);
  }
}
static void add_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a + b);
  }
}
static void add_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a + b);
  }
}
static void sub_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a - b);
  }
}
static void sub_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a - b);
  }
}
static void sub_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a - b);
  }
}
static void mul_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a * b);
  }
}
static void mul_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a * b);
  }
}
static void mul_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a * b);
  }
}
#if !TNT_IS_INT64
static void div_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a / b);
  }
}
static void div_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a / b);
  }
}
static void div_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a / b);
  }
}
#endif
#if !TNT_IS_INT64
static void div_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(-(dy * a) / (b * b));
  }
}
#endif
static void pow_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(POW(a, b));
  }
}
static void pow_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(POW(a, b));
  }
}
static void pow_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(POW(a, b));
  }
}
#if !TNT_IS_INT64
static void pow_da_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(b == (T)0 ? (T)0 : dy * b * POW(a, b - (T)1));
  }
}
#endif
#if !TNT_IS_INT64
static void pow_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *y_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T y = y_[i];
    to_[i] = (T)(a == (T)0 ? (T)0 : dy * y * LOG(a));
  }
}
#endif
static void maximum_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a > b || a != a ? a : b);
  }
}
static void maximum_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a > b || a != a ? a : b);
  }
}
static void maximum_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a > b || a != a ? a : b);
  }
}
#if !TNT_IS_INT64
static void maximum_da_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a > b ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
}
#endif
#if !TNT_IS_INT64
static void maximum_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(b > a ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
}
#endif
static void minimum_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a < b || a != a ? a : b);
  }
}
static void minimum_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a < b || a != a ? a : b);
  }
}
static void minimum_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a < b || a != a ? a : b);
  }
}
#if !TNT_IS_INT64
static void minimum_da_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a < b ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
}
#endif
#if !TNT_IS_INT64
static void minimum_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(b < a ? dy : (a == b ? dy * (T)0.5 : (T)0));
  }
}
#endif
static void remainder_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(MOD(a, b));
  }
}
static void remainder_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(MOD(a, b));
  }
}
static void remainder_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(MOD(a, b));
  }
}
#if !TNT_IS_INT64
static void remainder_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(-dy * FLOOR(a / b));
  }
}
#endif
static void floor_divide_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(FLOORDIV(a, b));
  }
}
static void floor_divide_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(FLOORDIV(a, b));
  }
}
static void floor_divide_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(FLOORDIV(a, b));
  }
}
#if !TNT_IS_INT64
static void atan2_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(ATAN2(a, b));
  }
}
static void atan2_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(ATAN2(a, b));
  }
}
static void atan2_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(ATAN2(a, b));
  }
}
#endif
#if !TNT_IS_INT64
static void atan2_da_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(dy * b / (a * a + b * b));
  }
}
#endif
#if !TNT_IS_INT64
static void atan2_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(-dy * a / (a * a + b * b));
  }
}
#endif
static void neg_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(-x);
  }
}
static void abs_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x < 0 ? -x : x);
  }
}
#if !TNT_IS_INT64
static void abs_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * SIGN(x));
  }
}
#endif
static void sign_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(SIGN(x));
  }
}
#if !TNT_IS_INT64
static void sign_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void square_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x * x);
  }
}
#if !TNT_IS_INT64
static void square_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * x * (T)2);
  }
}
#endif
#if !TNT_IS_INT64
static void sqrt_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(SQRT(x));
  }
}
#endif
#if !TNT_IS_INT64
static void sqrt_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(dy / (y * (T)2));
  }
}
#endif
#if !TNT_IS_INT64
static void rsqrt_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(1 / SQRT(x));
  }
}
#endif
#if !TNT_IS_INT64
static void rsqrt_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(dy * y * y * y * -(T)0.5);
  }
}
#endif
#if !TNT_IS_INT64
static void reciprocal_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(1 / x);
  }
}
#endif
#if !TNT_IS_INT64
static void reciprocal_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(-dy * y * y);
  }
}
#endif
#if !TNT_IS_INT64
static void exp_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(EXP(x));
  }
}
#endif
#if !TNT_IS_INT64
static void expm1_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(EXPM1(x));
  }
}
#endif
#if !TNT_IS_INT64
static void expm1_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(dy * (y + (T)1));
  }
}
#endif
#if !TNT_IS_INT64
static void log_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(LOG(x));
  }
}
#endif
#if !TNT_IS_INT64
static void log1p_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(LOG1P(x));
  }
}
#endif
#if !TNT_IS_INT64
static void log1p_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy / (x + (T)1));
  }
}
#endif
#if !TNT_IS_INT64
static void log2_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(LOG(x) * (T)1.4426950408889634);
  }
}
#endif
#if !TNT_IS_INT64
static void log2_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy / x * (T)1.4426950408889634);
  }
}
#endif
#if !TNT_IS_INT64
static void sin_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(SIN(x));
  }
}
#endif
#if !TNT_IS_INT64
static void sin_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * COS(x));
  }
}
#endif
#if !TNT_IS_INT64
static void cos_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(COS(x));
  }
}
#endif
#if !TNT_IS_INT64
static void cos_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(-dy * SIN(x));
  }
}
#endif
#if !TNT_IS_INT64
static void tanh_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(TANH(x));
  }
}
#endif
#if !TNT_IS_INT64
static void tanh_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(dy * ((T)1 - y * y));
  }
}
#endif
#if !TNT_IS_INT64
static void erf_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(ERF(x));
  }
}
#endif
#if !TNT_IS_INT64
static void erf_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * EXP(-x * x) * (T)1.1283791670955126);
  }
}
#endif
static void floor_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(FLOOR(x));
  }
}
#if !TNT_IS_INT64
static void floor_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void ceil_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(CEIL(x));
  }
}
#if !TNT_IS_INT64
static void ceil_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void round_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(ROUND(x));
  }
}
#if !TNT_IS_INT64
static void round_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void trunc_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(TRUNC(x));
  }
}
#if !TNT_IS_INT64
static void trunc_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void clamp_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T lo = TO_T(number[0]);
  const T hi = TO_T(number[1]);
  (void)number;
  (void)lo;
  (void)hi;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x > (T)hi ? (T)hi : (x < (T)lo ? ((T)lo > (T)hi ? (T)hi : (T)lo) : x));
  }
}
#if !TNT_IS_INT64
static void clamp_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  const T lo = TO_T(number[0]);
  const T hi = TO_T(number[1]);
  (void)number;
  (void)lo;
  (void)hi;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(x < (T)lo ? (T)0 : (x > (T)hi ? (T)0 : dy));
  }
}
#endif
#if !TNT_IS_INT64
static void sigmoid_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(1 / (1 + EXP(-x)));
  }
}
#endif
#if !TNT_IS_INT64
static void sigmoid_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(dy * y * ((T)1 - y));
  }
}
#endif
static void relu_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x > 0 || x != x ? x : 0);
  }
}
#if !TNT_IS_INT64
static void relu_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *y_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T y = y_[i];
    to_[i] = (T)(y > (T)0 ? dy : (T)0);
  }
}
#endif
#if !TNT_IS_INT64
static void leaky_relu_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T slope = TO_T(number[0]);
  (void)number;
  (void)slope;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x > 0 ? x : x * (T)slope);
  }
}
#endif
#if !TNT_IS_INT64
static void leaky_relu_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  const T slope = TO_T(number[0]);
  (void)number;
  (void)slope;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(x > (T)0 ? dy : dy * (T)slope);
  }
}
#endif
#if !TNT_IS_INT64
static void elu_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T alpha = TO_T(number[0]);
  (void)number;
  (void)alpha;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x > 0 ? x : (T)alpha * EXPM1(x));
  }
}
#endif
#if !TNT_IS_INT64
static void elu_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  const T alpha = TO_T(number[0]);
  (void)number;
  (void)alpha;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(x > (T)0 ? dy : dy * EXP(x) * (T)alpha);
  }
}
#endif
#if !TNT_IS_INT64
static void silu_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x / (1 + EXP(-x)));
  }
}
#endif
#if !TNT_IS_INT64
static void silu_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * SIGMOID(x) * ((T)1 + x * ((T)1 - SIGMOID(x))));
  }
}
#endif
#if !TNT_IS_INT64
static void softplus_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x > 20 ? x : LOG1P(EXP(x)));
  }
}
#endif
#if !TNT_IS_INT64
static void softplus_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * SIGMOID(x));
  }
}
#endif
#if !TNT_IS_INT64
static void gelu_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)((T)0.5 * x * (1 + ERF(x * (T)0.7071067811865476)));
  }
}
#endif
#if !TNT_IS_INT64
static void gelu_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * (((T)1 + ERF(x * (T)0.7071067811865476)) * (T)0.5 + x * EXP(x * x * -(T)0.5) * (T)0.3989422804014327));
  }
}
#endif
#if !TNT_IS_INT64
static void gelu_tanh_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)((T)0.5 * x * (1 + TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))));
  }
}
#endif
#if !TNT_IS_INT64
static void gelu_tanh_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *x_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T x = x_[i];
    to_[i] = (T)(dy * ((T)0.5 * ((T)1 + TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))) + (T)0.5 * x * ((T)1 - TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x)) * TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x))) * ((T)0.7978845608028654 * ((T)1 + (T)0.134145 * x * x))));
  }
}
#endif
static void eq_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a == b);
  }
}
static void eq_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a == b);
  }
}
static void eq_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a == b);
  }
}
static void ne_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a != b);
  }
}
static void ne_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a != b);
  }
}
static void ne_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a != b);
  }
}
static void lt_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a < b);
  }
}
static void lt_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a < b);
  }
}
static void lt_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a < b);
  }
}
static void le_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a <= b);
  }
}
static void le_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a <= b);
  }
}
static void le_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a <= b);
  }
}
static void gt_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a > b);
  }
}
static void gt_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a > b);
  }
}
static void gt_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a > b);
  }
}
static void ge_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a >= b);
  }
}
static void ge_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a >= b);
  }
}
static void ge_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a >= b);
  }
}
static void logical_and_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a != 0 && b != 0);
  }
}
static void logical_and_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a != 0 && b != 0);
  }
}
static void logical_and_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a != 0 && b != 0);
  }
}
static void logical_or_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(a != 0 || b != 0);
  }
}
static void logical_or_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)(a != 0 || b != 0);
  }
}
static void logical_or_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)(a != 0 || b != 0);
  }
}
static void logical_xor_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)((a != 0) != (b != 0));
  }
}
static void logical_xor_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *a_ = in[0];
  const T b = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T a = a_[i];
    to_[i] = (T)((a != 0) != (b != 0));
  }
}
static void logical_xor_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T a = *(const T *)in[0];
  const T *b_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T b = b_[i];
    to_[i] = (T)((a != 0) != (b != 0));
  }
}
static void logical_not_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x == 0);
  }
}
static void isnan_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x != x);
  }
}
static void isinf_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    (void)x;
    to_[i] = (T)(ISINF(x));
  }
}
static void isfinite_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    (void)x;
    to_[i] = (T)(ISFINITE(x));
  }
}
static void where_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *m_ = in[0];
  const T *a_ = in[1];
  const T *b_ = in[2];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T m = m_[i]; const T a = a_[i]; const T b = b_[i];
    to_[i] = (T)(m != 0 ? a : b);
  }
}
#if !TNT_IS_INT64
static void where_da_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *m_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T m = m_[i];
    to_[i] = (T)(m != (T)0 ? dy : (T)0);
  }
}
#endif
#if !TNT_IS_INT64
static void where_db_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *m_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T m = m_[i];
    to_[i] = (T)(m != (T)0 ? (T)0 : dy);
  }
}
#endif
static void masked_fill_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T *m_ = in[1];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i]; const T m = m_[i];
    to_[i] = (T)(m != 0 ? (T)value : x);
  }
}
static void masked_fill_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T m = *(const T *)in[1];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(m != 0 ? (T)value : x);
  }
}
static void masked_fill_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T x = *(const T *)in[0];
  const T *m_ = in[1];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T m = m_[i];
    to_[i] = (T)(m != 0 ? (T)value : x);
  }
}
#if !TNT_IS_INT64
static void masked_fill_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T *m_ = in[1];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i]; const T m = m_[i];
    to_[i] = (T)(m != (T)0 ? (T)0 : dy);
  }
}
#endif
static void fill_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    (void)x;
    to_[i] = (T)((T)value);
  }
}
#if !TNT_IS_INT64
static void fill_dx_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *dy_ = in[0];
  const T value = TO_T(number[0]);
  (void)number;
  (void)value;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T dy = dy_[i];
    to_[i] = (T)(dy * (T)0);
  }
}
#endif
static void copy_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x);
  }
}
static void contiguous_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x);
  }
}
static void channels_last_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x);
  }
}
static void cast_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T dtype = TO_T(number[0]);
  (void)number;
  (void)dtype;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    to_[i] = (T)(x);
  }
}
static void assign_vv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T *v_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i]; const T v = v_[i];
    (void)x;
    to_[i] = (T)(v);
  }
}
static void assign_vs(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T *x_ = in[0];
  const T v = *(const T *)in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T x = x_[i];
    (void)x;
    to_[i] = (T)(v);
  }
}
static void assign_sv(void *out, const void *const *in, int64_t n, const double *number) {
  T *to_ = out;
  const T x = *(const T *)in[0];
  const T *v_ = in[1];
  (void)number;
  LOOP_SIMD
  for (int64_t i = 0; i < n; i++) {
    const T v = v_[i];
    (void)x;
    to_[i] = (T)(v);
  }
}
