/* Between memory of any dtype and tiles of the compute type. 16-bit floats are rounded to nearest even, once, on store. */

static inline float half_to_float(uint16_t h) {
#ifdef __F16C__
  return _cvtsh_ss(h);
#else
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = h >> 10 & 31, m = h & 1023, bits;
  if (e == 31)
    bits = sign | 0x7f800000 | m << 13;
  else if (e)
    bits = sign | (e + 112) << 23 | m << 13;
  else if (m) {
    int shift = __builtin_clz(m) - 21;
    bits = sign | (uint32_t)(113 - shift) << 23 | (m << (shift + 13) & 0x7fffff);
  } else
    bits = sign;
  float f;
  memcpy(&f, &bits, 4);
  return f;
#endif
}

static inline uint16_t float_to_half(float f) {
  uint32_t x;
  memcpy(&x, &f, 4);
  uint32_t sign = x >> 16 & 0x8000;
  x &= 0x7fffffff;
  if (x > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (x >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* 65520 and more round to infinity */
  if (x < 0x38800000) {                                  /* subnormal */
    if (x < 0x33000000) return (uint16_t)sign;
    uint32_t e = x >> 23, m = (x & 0x7fffff) | 0x800000, shift = 126 - e;
    uint32_t y = m >> shift, rest = m & ((1u << shift) - 1), halfway = 1u << (shift - 1);
    if (rest > halfway || (rest == halfway && (y & 1))) y++;
    return (uint16_t)(sign | y);
  }
  x += 0xc8000fff + (x >> 13 & 1);
  return (uint16_t)(sign | x >> 13);
}

static inline float bfloat_to_float(uint16_t h) {
  uint32_t x = (uint32_t)h << 16;
  float f;
  memcpy(&f, &x, 4);
  return f;
}

static inline uint16_t float_to_bfloat(float f) {
  uint32_t x;
  memcpy(&x, &f, 4);
  uint32_t rounded = (x + 0x7fff + (x >> 16 & 1)) >> 16;
  return (uint16_t)((x & 0x7fffffff) > 0x7f800000 ? (x >> 16 | 0x40) : rounded);
}

/* A double on its way to whole numbers, cut toward zero; what does not fit is the smallest one, as the machine does it. */
static inline int64_t whole(double v) {
  return v > -9.3e18 && v < 9.22e18 ? (int64_t)v : INT64_MIN;
}

#if TNT_IS_INT64
#define FROM_FLOAT(v) whole((double)(v))
#define TO_WHOLE(v) (v)
#else
#define FROM_FLOAT(v) ((T)(v))
#define TO_WHOLE(v) whole((double)(v))
#endif

#define LOAD(type, expression)          \
  {                                     \
    const type *x = from;               \
    if (stride == 1) {                  \
      LOOP_SIMD                         \
      for (int64_t i = 0; i < n; i++) { \
        type v = x[i];                  \
        y[i] = (expression);            \
      }                                 \
    } else {                            \
      for (int64_t i = 0; i < n; i++) { \
        type v = x[i * stride];         \
        y[i] = (expression);            \
      }                                 \
    }                                   \
    break;                              \
  }

static void load_tile(void *tile, const void *from, int dtype, int64_t n, int64_t stride) {
  T *y = tile;
  switch (dtype) {
  case TNT_F32: LOAD(float, FROM_FLOAT(v))
  case TNT_F64: LOAD(double, FROM_FLOAT(v))
  case TNT_F16: LOAD(uint16_t, FROM_FLOAT(half_to_float(v)))
  case TNT_BF16: LOAD(uint16_t, FROM_FLOAT(bfloat_to_float(v)))
  case TNT_I64: LOAD(int64_t, (T)v)
  case TNT_I32: LOAD(int32_t, (T)v)
  case TNT_U8: LOAD(uint8_t, (T)v)
  case TNT_BOOL: LOAD(uint8_t, (T)(v != 0))
  default: break;
  }
}

#define STORE(type, expression)             \
  {                                         \
    type *y = to;                           \
    if (stride == 1) {                      \
      LOOP_SIMD                             \
      for (int64_t i = 0; i < n; i++) {     \
        T v = x[i];                         \
        y[i] = (type)(expression);          \
      }                                     \
    } else {                                \
      for (int64_t i = 0; i < n; i++) {     \
        T v = x[i];                         \
        y[i * stride] = (type)(expression); \
      }                                     \
    }                                       \
    break;                                  \
  }

static void store_tile(void *to, const void *tile, int dtype, int64_t n, int64_t stride) {
  const T *x = tile;
  switch (dtype) {
  case TNT_F32: STORE(float, v)
  case TNT_F64: STORE(double, v)
  case TNT_F16: STORE(uint16_t, float_to_half((float)v))
  case TNT_BF16: STORE(uint16_t, float_to_bfloat((float)v))
  case TNT_I64: STORE(int64_t, TO_WHOLE(v))
  case TNT_I32: STORE(int32_t, TO_WHOLE(v))
  case TNT_U8: STORE(uint8_t, TO_WHOLE(v))
  case TNT_BOOL: STORE(uint8_t, v != 0)
  default: break;
  }
}

#if !TNT_IS_INT64
/* -- tensors of floats beside those of type T: f32 and f64, or 16-bit floats, tile by tile -- */
enum { TILE = 1024 };

static bool is_plain(const tnt__view *v) { return v->dtype == (TNT_IS_DOUBLE ? TNT_F64 : TNT_F32); }

static void *element(const tnt__view *v, int64_t k) {
  int width = v->dtype == TNT_F64 ? 8 : v->dtype == TNT_F32 ? 4 : 2;
  return (char *)v->data + k * width;
}

/* n elements from k on: where they lie, or widened into a tile that has room for them. */
static T *borrow(const tnt__view *v, T *tile, int64_t k, int64_t n) {
  if (is_plain(v)) return (T *)v->data + k;
  load_tile(tile, element(v, k), v->dtype, n, 1);
  return tile;
}
static void give_back(const tnt__view *v, const T *x, int64_t k, int64_t n) {
  if (!is_plain(v)) store_tile(element(v, k), x, v->dtype, n, 1);
}
#endif
