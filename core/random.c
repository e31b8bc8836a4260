/* The random stream of a context: a seed and a count of calls. Element i of the output of call n draws Philox block
 * (i, n) under the seed as key, whatever the number of threads or the vector width; so the stream is two numbers. */
#include "core.h"

int tnt_seed(uint64_t seed) {
  context *c = context_now();
  c->seed = seed;
  c->random_calls = 0;
  return 0;
}

void tnt_random_state(uint64_t state[2]) {
  context *c = context_now();
  state[0] = c->seed;
  state[1] = c->random_calls;
}

void tnt_random_set_state(const uint64_t state[2]) {
  context *c = context_now();
  c->seed = state[0];
  c->random_calls = state[1];
}

uint64_t random_next_call(context *c) { return c->random_calls++; }
