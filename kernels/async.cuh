/* Copies from the card's memory to shared memory that travel while their thread goes on: issued, closed into a group, waited
 * for by group. What arrived is seen by the thread that waited, and by others after a barrier. The emulator spoils the
 * place when a copy is issued and fills it when the copy is waited for, so that a missing wait or barrier shows. Source:
 * PTX ISA, cp.async. */
#ifndef TNT_ASYNC_CUH
#define TNT_ASYNC_CUH

#include "cuda.cuh"

/* 4 or 16 bytes, both addresses aligned to them; zeros where not `inside`, and then `from` is not read. */
template <int BYTES>
static __device__ __forceinline__ void copy_async(void *to, const void *from, bool inside) {
  static_assert(BYTES == 4 || BYTES == 16, "what a copy of attention moves");
#ifdef TNT_EMULATE
  emulator::copy_later(to, from, BYTES, inside ? BYTES : 0);
#else
  uint32_t at = (uint32_t)__cvta_generic_to_shared(to);
  int bytes = inside ? BYTES : 0;
  if constexpr (BYTES == 16) /* .cg: past the first cache, which would not see it again */
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;"
                 :
                 : "r"(at), "l"(from), "r"(bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
                 :
                 : "r"(at), "l"(from), "r"(bytes)
                 : "memory");
#endif
}

/* Closes the group of this thread's copies since the last one. */
static __device__ __forceinline__ void copies_close() {
#ifdef TNT_EMULATE
  emulator::copies_close();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits until only this thread's last LEFT groups are on their way. */
template <int LEFT> static __device__ __forceinline__ void copies_wait() {
#ifdef TNT_EMULATE
  emulator::copies_wait(LEFT);
#else
  asm volatile("cp.async.wait_group %0;" : : "n"(LEFT) : "memory");
#endif
}

#endif
