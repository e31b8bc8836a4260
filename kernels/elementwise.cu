/* Picks the kernels of an elementwise plan by the dtype that its formula is computed in. */
#include "elementwise.cuh"

extern "C" int elementwise_cuda(const tnt__plan *p) {
  elementwise_launch *const *rows = p->compute == TNT_F64  ? double_rows
                                    : p->compute < TNT_I64 ? float_rows
                                                           : int64_rows;
  if (!rows[p->row])
    return p->fail(TNT_EDTYPE, "%s: not for whole numbers (cast it: x:float())", p->op);
  return rows[p->row](p);
}
