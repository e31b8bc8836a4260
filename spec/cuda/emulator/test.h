/* What the files of the emulator's test share. */
#ifndef TNT_EMULATOR_TEST_H
#define TNT_EMULATOR_TEST_H

#include <cstdio>
#include <cstdlib>

static inline void check(bool ok, const char *what, const char *file, int line) {
  if (ok) return;
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  exit(1);
}
#define CHECK(...) check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define OK(call) CHECK((call) == cudaSuccess)

void products();
void matrix_loads();
void fragments();
void arrivals();
void missing_wait(); /* ends in an error */
void misaligned();   /* ends in an abort */

#endif
