/* The seal: the first 512 bytes of each file of ours, a text that says how long the file is and what the rest sums to.
 * HDF5 looks for its own beginning at 0, 512, 1024, ..., so every reader of HDF5 skips it. */
#include <stdio.h>
#include <string.h>

#include "own.h"

static const char magic[] = "tntlua file 1\n";

/* "tntlua file 1\nsize N\nbody HHHHHHHH\nseal HHHHHHHH\n" and newlines to the end; `seal` sums all the block with its
 * own eight digits as 0. */
static void make(char block[SEAL_BYTES], int64_t size, uint32_t crc) {
  memset(block, '\n', SEAL_BYTES);
  int n = snprintf(block, SEAL_BYTES, "%ssize %lld\nbody %08x\nseal 00000000\n", magic,
                   (long long)size, crc);
  block[n] = '\n'; /* where snprintf put its 0 */
  char digits[9];
  snprintf(digits, sizeof digits, "%08x", tnt_crc32c(block, SEAL_BYTES, 0));
  memcpy(block + n - 9, digits, 8);
}

int seal_write(report *r, int fd, const char *path, int64_t size, uint32_t crc) {
  char block[SEAL_BYTES];
  make(block, size, crc);
  return write_all(r, fd, path, block, SEAL_BYTES, 0);
}

int seal_check(report *r, int fd, const char *path, int64_t size, int *sealed) {
  char block[SEAL_BYTES + 1], again[SEAL_BYTES];
  *sealed = 0;
  if (size < SEAL_BYTES) return 0;
  if (read_all(r, fd, path, block, SEAL_BYTES, 0)) return r->status;
  /* Newlines fill the seal, so they tell a damaged one from the beginning of a file of elsewhere. */
  int newlines = 0;
  for (int i = 0; i < SEAL_BYTES; i++) newlines += block[i] == '\n';
  if (newlines < SEAL_BYTES / 2) return 0;
  long long wanted = -1;
  unsigned body = 0, sum = 0;
  block[SEAL_BYTES] = 0;
  int is_ours = memcmp(block, magic, sizeof magic - 1) == 0;
  int read =
      sscanf(block + sizeof magic - 1, "size %18lld\nbody %8x\nseal %8x\n", &wanted, &body, &sum);
  if (read == 3 && wanted >= 0) make(again, wanted, body);
  if (!is_ours || read != 3 || wanted < 0 || memcmp(block, again, SEAL_BYTES) != 0)
    return report_fail(r, TNT_EFORMAT,
                       "%s: its first %d bytes are damaged: they should be a seal "
                       "with size and checksum of the file",
                       path, SEAL_BYTES);
  if (wanted != size)
    return report_fail(r, TNT_EFORMAT,
                       "%s: it has %lld bytes, expected %lld: it was cut off or "
                       "something was appended",
                       path, (long long)size, wanted);
  uint32_t crc;
  if (crc_of_range(r, fd, path, SEAL_BYTES, size, &crc)) return r->status;
  if (crc != body)
    return report_fail(r, TNT_EFORMAT,
                       "%s: damaged: the checksum of bytes %d to %lld is %08x, "
                       "expected %08x",
                       path, SEAL_BYTES, (long long)size - 1, crc, body);
  *sealed = 1;
  return 0;
}
