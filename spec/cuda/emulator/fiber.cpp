/* Switching stacks: ten instructions where we know them, ucontext elsewhere; both tell the address sanitizer. */
#include "fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifndef __x86_64__
#include <ucontext.h>
#endif

namespace emulator {
#ifdef __SANITIZE_ADDRESS__
enum { STACK = 512 << 10, PAGE = 4096 };
#else
enum { STACK = 128 << 10, PAGE = 4096 };
#endif

#ifdef __x86_64__
/* Source: System V ABI, AMD64: what a called function must leave as it was. */
extern "C" void emulator_switch(void **from, void *to);
__asm__(".text\n"
        ".hidden emulator_switch\n"
        ".globl emulator_switch\n"
        ".type emulator_switch, @function\n"
        "emulator_switch:\n"
        "  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp\n"
        "  ret\n"
        ".size emulator_switch, .-emulator_switch\n");

void fiber_restart(fiber *f, void (*main)()) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(f->stack + PAGE, f->bytes - PAGE);
#endif
  void **top = (void **)(f->stack + f->bytes);
  *--top = nullptr; /* main's return address, never used: keeps the stack aligned as after a call */
  *--top = (void *)main;
  for (int i = 0; i < 6; i++) *--top = nullptr;
  f->stack_pointer = top;
  f->shadow = nullptr;
}

static void go(fiber *from, fiber *to) { emulator_switch(&from->stack_pointer, to->stack_pointer); }
#else
void fiber_restart(fiber *f, void (*main)()) {
  ucontext_t *c = (ucontext_t *)f->stack_pointer;
  if (!c) c = new ucontext_t;
  getcontext(c);
  c->uc_stack.ss_sp = f->stack + PAGE;
  c->uc_stack.ss_size = f->bytes - PAGE;
  c->uc_link = nullptr;
  makecontext(c, main, 0);
  f->stack_pointer = c;
  f->shadow = nullptr;
}

static void go(fiber *from, fiber *to) {
  if (!from->stack_pointer) from->stack_pointer = new ucontext_t;
  swapcontext((ucontext_t *)from->stack_pointer, (ucontext_t *)to->stack_pointer);
}
#endif

fiber *fiber_new(void (*main)()) {
  fiber *f = new fiber();
  void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, PAGE, PROT_NONE)) {
    fprintf(stderr, "emulator: no memory for the stack of a thread\n");
    abort();
  }
  f->stack = (char *)stack;
  f->bytes = STACK;
  fiber_restart(f, main);
  return f;
}

void fiber_entered(fiber *from) {
#ifdef __SANITIZE_ADDRESS__
  const void *bottom;
  size_t bytes;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
  from->stack = (char *)const_cast<void *>(bottom), from->bytes = bytes;
#else
  (void)from;
#endif
}

void fiber_go(fiber *from, fiber *to) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&from->shadow, to->stack, to->bytes);
#endif
  go(from, to);
#ifdef __SANITIZE_ADDRESS__
  const void *bottom;
  size_t bytes;
  __sanitizer_finish_switch_fiber(from->shadow, &bottom, &bytes);
  /* back from the host thread, which may be another one than before */
  if (to->is_host) to->stack = (char *)const_cast<void *>(bottom), to->bytes = bytes;
#endif
}
} // namespace emulator
