#include "cli.h"
int cli_mcode_leave(void *signal_context) {
  (void)signal_context;
  return 0;
}
