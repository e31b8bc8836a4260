/* placeholder */
#include "own.h"
int file_check(report *r, int fd, const char *path, int64_t size) { (void)r;(void)fd;(void)path;(void)size; return 0; }
