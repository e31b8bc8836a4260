/* Makes LuaJIT's compiled code leave for the interpreter, where debug hooks work. A compiled loop looks at no flag
 * and no hook, but every iteration passes guards: conditional jumps to exit stubs. While the signal has the thread
 * stopped inside such code, the guards around it are turned into unconditional jumps, so that the next one is taken.
 *
 * A loop that tests nothing at all (while true do i = i + 1 end) has no guard and runs on: the next signal kills.
 *
 * A forced exit may resume on the wrong side of a branch. That is why the hook that then runs before the next
 * instruction must raise, and must first flush all traces (signals.c). What the code looks like is written in
 * LuaJIT's lj_asm_x86.h: asm_exitstub_gen, asm_guardcc, asm_loop_fixup. Elsewhere than on x86-64 nothing is done. */
#include "cli.h"

#if defined(__x86_64__) && defined(__linux__)

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { MAX_AREAS = 64, MAX_BLOCK = 1 << 20, PAGE = 4096 };

struct area {
  uintptr_t start, end;
};

/* Executable memory that is no file's: LuaJIT's code lies there. Only the handler uses it, and that never nests. */
static struct area areas[MAX_AREAS];
static int n_areas;

/* One line of /proc/self/maps: "start-end perms offset device inode  path". */
static void take_line(const char *line) {
  uintptr_t bound[2] = {0, 0};
  int which = 0, field = 0;
  const char *perms = NULL;
  for (const char *p = line; *p; p++) {
    if (field == 0) {
      if (*p == '-') {
        which = 1;
      } else if (*p == ' ') {
        perms = p + 1;
        field = 1;
      } else {
        bound[which] = bound[which] << 4 | (uintptr_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
      }
    } else if (*p == '/' || *p == '[') {
      return;
    }
  }
  if (!perms || strncmp(perms, "r-xp", 4) != 0 || n_areas == MAX_AREAS) return;
  areas[n_areas].start = bound[0];
  areas[n_areas++].end = bound[1];
}

/* Only calls that a signal handler may make. */
static void read_areas(void) {
  char block[4096], line[128];
  size_t length = 0;
  n_areas = 0;
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  for (;;) {
    ssize_t n = read(fd, block, sizeof block);
    if (n <= 0) break;
    for (ssize_t i = 0; i < n; i++) {
      if (block[i] == '\n') {
        line[length] = '\0';
        take_line(line);
        length = 0;
      } else if (length < sizeof line - 1) {
        line[length++] = block[i];
      }
    }
  }
  close(fd);
}

static const struct area *area_of(uintptr_t address, size_t bytes) {
  for (int i = 0; i < n_areas; i++) {
    if (address >= areas[i].start && address + bytes <= areas[i].end) return &areas[i];
  }
  return NULL;
}

static uint8_t *jump_target(uint8_t *displacement) {
  int32_t offset;
  memcpy(&offset, displacement, sizeof offset);
  return displacement + sizeof offset + offset;
}

/* push imm8; jmp short (the last of a group: push imm8; push imm8; jmp). */
static int is_exit_stub(const uint8_t *at) {
  if (!area_of((uintptr_t)at, 5) || at[0] != 0x6a) return 0;
  return at[2] == 0xeb || (at[2] == 0x6a && at[4] == 0xe9);
}

/* A loop may end in "jcc loop; jmp exit": take the backward jumps before the jmp at `at` away. */
static int drop_loop_jumps(uint8_t *at, const uint8_t *start) {
  int dropped = 0;
  for (int jumps = 0; jumps < 2; jumps++) {
    if (at - 6 >= start && at[-6] == 0x0f && (at[-5] & 0xf0) == 0x80 && jump_target(at - 4) < at) {
      memset(at - 6, 0x90, 6);
      at -= 6;
    } else if (at - 2 >= start && (at[-2] & 0xf0) == 0x70 && (int8_t)at[-1] < 0) {
      memset(at - 2, 0x90, 2);
      at -= 2;
    } else {
      break;
    }
    dropped++;
  }
  return dropped;
}

static int force_exits(uint8_t *start, uint8_t *end) {
  int forced = 0;
  for (uint8_t *p = start; p + 6 <= end; p++) {
    if (p[0] == 0x0f && (p[1] & 0xf0) == 0x80 && is_exit_stub(jump_target(p + 2))) {
      p[0] = 0x90;
      p[1] = 0xe9; /* the displacement counts from the same end */
      p += 5;
      forced++;
    } else if (p[0] == 0xe9 && is_exit_stub(jump_target(p + 1))) {
      forced += drop_loop_jumps(p, start);
    }
  }
  return forced;
}

/* The one block of LuaJIT's that the address lies in. It begins with {next block, bytes} (struct MCLink). Memory beside
 * it may be another Lua state's, which a worker thread is running: that must not be touched. */
static struct area block_of(uintptr_t pc, const struct area *area) {
  struct area block = {0, 0};
  for (uintptr_t at = pc & ~(uintptr_t)(PAGE - 1); at >= area->start && pc - at < MAX_BLOCK;
       at -= PAGE) {
    uintptr_t bytes = ((const uintptr_t *)at)[1];
    if (bytes % PAGE == 0 && bytes > pc - at && bytes <= MAX_BLOCK && at + bytes <= area->end) {
      block.start = at;
      block.end = at + bytes;
      break;
    }
  }
  return block;
}

int cli_mcode_leave(void *signal_context) {
  uintptr_t pc = (uintptr_t)((ucontext_t *)signal_context)->uc_mcontext.gregs[REG_RIP];
  read_areas();
  const struct area *area = area_of(pc, 1);
  if (!area) return 0; /* in the interpreter or in a C function */
  struct area block = block_of(pc, area);
  size_t bytes = block.end - block.start;
  if (!bytes || mprotect((void *)block.start, bytes, PROT_READ | PROT_WRITE | PROT_EXEC)) return 0;
  int forced = force_exits((uint8_t *)block.start, (uint8_t *)block.end);
  mprotect((void *)block.start, bytes, PROT_READ | PROT_EXEC);
  return forced > 0;
}

#else

int cli_mcode_leave(void *signal_context) {
  (void)signal_context;
  return 0;
}

#endif
