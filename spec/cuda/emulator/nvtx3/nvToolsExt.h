/* The part of NVTX that core/cuda/device.c uses, declared anew for the emulator, which writes the names down. */
#ifndef TNT_EMULATED_NVTX_H
#define TNT_EMULATED_NVTX_H

#ifdef __cplusplus
extern "C" {
#endif
int nvtxRangePushA(const char *name);
int nvtxRangePop(void);
#ifdef __cplusplus
}
#endif
#endif
