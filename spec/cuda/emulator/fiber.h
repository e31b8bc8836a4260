/* A stack of its own that runs until it gives way: what a thread of a block lives on once it has met a barrier. */
#ifndef TNT_EMULATOR_FIBER_H
#define TNT_EMULATOR_FIBER_H

#include <cstddef>

namespace emulator {
struct fiber {
  void *stack_pointer;
  char *stack;
  size_t bytes;
  bool is_host; /* the host thread itself */
  void *shadow; /* the address sanitizer's */
};
/* A fiber that calls `main`, which never returns. */
fiber *fiber_new(void (*main)());
/* An abandoned fiber starts anew when it is next gone to. */
void fiber_restart(fiber *f, void (*main)());
/* Goes from the running fiber to another; returns when somebody goes back. */
void fiber_go(fiber *from, fiber *to);
/* The first thing that `main` calls. */
void fiber_entered(fiber *from);
} // namespace emulator

#endif
