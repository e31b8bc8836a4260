/* Signals set a flag; nothing else happens in the handler. Loops read it between steps; with tnt_interrupt_ops a pending
 * one makes the next operation fail instead (dispatch looks at its mode word). The third in a row kills. */
#include <signal.h>
#include <stdlib.h>

#include "core.h"

static volatile sig_atomic_t pending, count;
static struct sigaction before_int, before_term;
static int depth;

static void note(int signal_number) {
  pending = signal_number;
  if (++count >= 3) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
}

int tnt_interrupt_begin(void) {
  if (depth++) return 0;
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_handler = note;
  sigemptyset(&a.sa_mask);
  a.sa_flags = SA_RESTART;
  pending = 0;
  count = 0;
  sigaction(SIGINT, &a, &before_int);
  sigaction(SIGTERM, &a, &before_term);
  return 0;
}

int tnt_interrupt_finish(void) {
  if (!depth || --depth) return 0;
  sigaction(SIGINT, &before_int, NULL);
  sigaction(SIGTERM, &before_term, NULL);
  pending = 0;
  tnt_interrupt_ops(0);
  return 0;
}

int tnt_interrupt_pending(int clear) {
  int signal_number = pending;
  if (clear) pending = 0;
  return signal_number;
}

void tnt_interrupt_raise(int signal_number) {
  pending = signal_number;
  count++;
}

void tnt_interrupt_ops(int on) {
  context *c = context_now();
  if (on)
    c->mode |= MODE_INTERRUPT;
  else
    c->mode &= ~(uint32_t)MODE_INTERRUPT;
}
