/* CUDA's small vectors, with their alignment, and dim3. */
#ifndef TNT_EMULATED_VECTORS_H
#define TNT_EMULATED_VECTORS_H

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

#define TNT_VECTORS(name, T)                                                \
  struct name##1 {                                                          \
    T x;                                                                    \
  };                                                                        \
  struct alignas(2 * sizeof(T)) name##2 {                                   \
    T x, y;                                                                 \
  };                                                                        \
  struct name##3 {                                                          \
    T x, y, z;                                                              \
  };                                                                        \
  struct alignas(4 * sizeof(T) < 16 ? 4 * sizeof(T) : 16) name##4 {         \
    T x, y, z, w;                                                           \
  };                                                                        \
  static inline name##1 make_##name##1(T x) { return {x}; }                 \
  static inline name##2 make_##name##2(T x, T y) { return {x, y}; }         \
  static inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; } \
  static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

TNT_VECTORS(char, signed char)
TNT_VECTORS(uchar, unsigned char)
TNT_VECTORS(short, short)
TNT_VECTORS(ushort, unsigned short)
TNT_VECTORS(int, int)
TNT_VECTORS(uint, unsigned)
TNT_VECTORS(long, long)
TNT_VECTORS(ulong, unsigned long)
TNT_VECTORS(longlong, long long)
TNT_VECTORS(ulonglong, unsigned long long)
TNT_VECTORS(float, float)
TNT_VECTORS(double, double)

#endif
