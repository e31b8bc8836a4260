/* The text of the interface, for Lua's FFI: the same declarations that C compiles, as a string. */
#define TNT_HDF5_DECLARE(...) static const char text[] = #__VA_ARGS__;
#include "tnt_hdf5.h"

__attribute__((visibility("default"))) const char *tnt_hdf5_cdef(void);
const char *tnt_hdf5_cdef(void) { return text; }
