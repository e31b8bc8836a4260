/* Bytes to and from the disk: whole or an error, with the place; and what it takes to make a name durable. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

/* Linux moves at most 0x7ffff000 bytes in a call. */
enum { MOST = 1 << 30 };

int write_all(report *r, int fd, const char *path, const void *data, int64_t bytes,
              int64_t offset) {
  const char *at = data;
  while (bytes > 0) {
    ssize_t n = pwrite(fd, at, (size_t)(bytes < MOST ? bytes : MOST), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return report_errno(r, errno, path, "writing");
    if (n == 0) return report_errno(r, ENOSPC, path, "writing");
    at += n;
    bytes -= n;
    offset += n;
  }
  return 0;
}

int read_all(report *r, int fd, const char *path, void *data, int64_t bytes, int64_t offset) {
  char *at = data;
  while (bytes > 0) {
    ssize_t n = pread(fd, at, (size_t)(bytes < MOST ? bytes : MOST), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return report_errno(r, errno, path, "reading");
    if (n == 0)
      return report_fail(r, TNT_EFORMAT, "%s: it ends at byte %lld; %lld more were expected there",
                         path, (long long)offset, (long long)bytes);
    at += n;
    bytes -= n;
    offset += n;
  }
  return 0;
}

int crc_of_range(report *r, int fd, const char *path, int64_t from, int64_t to, uint32_t *crc) {
  enum { PIECE = 1 << 20 };
  void *piece = malloc(PIECE);
  if (!piece) return report_fail(r, TNT_EMEMORY, "%s: no memory to read it", path);
  uint32_t sum = 0;
  while (from < to && !r->status) {
    int64_t n = to - from < PIECE ? to - from : PIECE;
    if (!read_all(r, fd, path, piece, n, from)) sum = tnt_crc32c(piece, (size_t)n, sum);
    from += n;
  }
  free(piece);
  *crc = sum;
  return r->status;
}

int tnt_h5_checksum(uint32_t *crc, const char *path, int64_t from, int64_t to) {
  report *r = report_here();
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return report_errno(r, errno, path, "opening");
  crc_of_range(r, fd, path, from, to, crc);
  close(fd);
  return r->status;
}

int sync_path(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int code = fsync(fd) < 0 ? errno : 0;
  close(fd);
  return code == EINVAL ? 0 : code; /* a file system that cannot sync folders */
}

int tnt_h5_sync(const char *path) { return sync_path(path); }

int tnt_h5_link(const char *target, const char *path) {
  char temporary[4096];
  int n = snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid());
  if (n < 0 || (size_t)n >= sizeof temporary) return ENAMETOOLONG;
  unlink(temporary);
  if (symlink(target, temporary) < 0) return errno;
  if (rename(temporary, path) < 0) {
    int code = errno;
    unlink(temporary);
    return code;
  }
  return 0;
}
