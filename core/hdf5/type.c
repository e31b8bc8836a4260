/* How dtypes are stored: little-endian, 16-bit floats as floats of their own layout, bool as h5py does (an 8-bit enum
 * with the names FALSE and TRUE). */
#include "own.h"

/* Source: IEEE 754 binary16 (5 and 10 bits, bias 15) and bfloat16 (8 and 7 bits, bias 127). The order of the calls is
 * HDF5's: fields lie within the present size. */
static hid_t small_float(size_t exponent, size_t mantissa, size_t bias) {
  hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  if (type < 0) return type;
  if (H5Tset_fields(type, 15, mantissa, exponent, 0, mantissa) < 0 || H5Tset_size(type, 2) < 0 ||
      H5Tset_ebias(type, bias) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

static hid_t boolean(void) {
  hid_t type = H5Tenum_create(H5T_STD_I8LE);
  int8_t no = 0, yes = 1;
  if (type < 0) return type;
  if (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

hid_t type_of_dtype(int dtype) {
  switch (dtype) {
  case TNT_F32: return H5Tcopy(H5T_IEEE_F32LE);
  case TNT_F64: return H5Tcopy(H5T_IEEE_F64LE);
  case TNT_F16: return small_float(5, 10, 15);
  case TNT_BF16: return small_float(8, 7, 127);
  case TNT_I64: return H5Tcopy(H5T_STD_I64LE);
  case TNT_I32: return H5Tcopy(H5T_STD_I32LE);
  case TNT_U8: return H5Tcopy(H5T_STD_U8LE);
  case TNT_BOOL: return boolean();
  default: return -1;
  }
}

int64_t dtype_bytes(int dtype) {
  static const int8_t bytes[TNT_DTYPES] = {4, 8, 2, 2, 8, 4, 1, 1};
  return dtype >= 0 && dtype < TNT_DTYPES ? bytes[dtype] : 0;
}
