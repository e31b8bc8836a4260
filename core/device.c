/* The device table: the CPU's own entry, and the opening of plug-in libraries. */
#include "device.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"

static int cpu_count(void) { return 1; }
static tnt__kernel cpu_kernel(int dtype, int kernel) { return kernels_for(dtype)->kernel[kernel]; }

/* The CPU's tensors lie in alloc.c's memory and elementwise.c runs its formulas: neither asks the table. */
static const device_table cpu = {
    .size = sizeof cpu,
    .version = DEVICE_VERSION,
    .name = "cpu",
    .count = cpu_count,
    .kernel = cpu_kernel,
};

static const device_table *cuda; /* null until it was opened */
bool tnt__named;

const device_table *device_of(int device) { return device == TNT_CPU ? &cpu : cuda; }

const char *device_name(int device) {
  static const char *const names[] = {
      "cpu",    "cuda:0", "cuda:1",  "cuda:2",  "cuda:3",  "cuda:4",  "cuda:5",  "cuda:6", "cuda:7",
      "cuda:8", "cuda:9", "cuda:10", "cuda:11", "cuda:12", "cuda:13", "cuda:14", "cuda:15"};
  return device >= 0 && device <= MAX_CARDS ? names[device] : "?";
}

/* FNV-1a over names and signatures: two libraries made from different op tables do not meet. */
static uint64_t ops_hash(void) {
  uint64_t h = 14695981039346656037u;
  for (int i = 0; i < N_OPS; i++) {
    for (const char *p = tnt__ops[i].signature; *p; p++) h = (h ^ (uint8_t)*p) * 1099511628211u;
    h = (h ^ (uint32_t)tnt__ops[i].kernel) * 1099511628211u;
  }
  return h;
}

/* The folder of this very library. */
static void own_folder(char *path, size_t room) {
  Dl_info own;
  path[0] = 0;
  if (!dladdr((void *)(uintptr_t)&device_of, &own) || !own.dli_fname) return;
  const char *slash = strrchr(own.dli_fname, '/');
  if (slash) snprintf(path, room, "%.*s/", (int)(slash - own.dli_fname), own.dli_fname);
}

/* Where the library is: beside this one, unless TNT_CUDA_LIBRARY names another (tests run on an emulated card). */
static int library_path(char *path, size_t room) {
  const char *given = getenv("TNT_CUDA_LIBRARY");
  if (given && *given) {
    snprintf(path, room, "%s", given);
    return 0;
  }
  /* cheap to ask, and without a driver the rest would take 100 ms to find out */
  void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!driver)
    return fail(TNT_EDEVICE,
                "cuda is not available: this machine has no NVIDIA driver (libcuda.so.1)");
  dlclose(driver);
  own_folder(path, room - 64);
  strcat(path, "libtnt_cuda.so");
  return 0;
}

int device_open(int kind) {
  if (kind == TNT_CPU || cuda) return 0;
  if (kind != TNT_CUDA) return fail(TNT_EDEVICE, "there is no kind of device number %d", kind);
  TRY(pool_open());
  char path[4200];
  TRY(library_path(path, sizeof path));
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *why = dlerror();
    return fail(
        TNT_EDEVICE,
        "cuda is not available: %s (built where CMake finds a CUDA toolkit: scripts/build cuda)",
        why ? why : path);
  }
  device_entry *entry;
  *(void **)&entry = dlsym(library, "tnt_plugin");
  if (!entry) return fail(TNT_EDEVICE, "cuda is not available: %s exports no tnt_plugin", path);
  device_host host = {sizeof host, DEVICE_VERSION, ops_hash(), fail};
  device_plugin plugin = {.size = sizeof plugin};
  TRY(entry(&host, &plugin));
  if (plugin.size != sizeof plugin || plugin.version != DEVICE_VERSION ||
      plugin.ops_hash != host.ops_hash || !plugin.table ||
      plugin.table->size != sizeof(device_table)) {
    return fail(
        TNT_EDEVICE,
        "cuda is not available: %s was built from other sources than libtnt; build both again",
        path);
  }
  cuda = plugin.table;
  if (cuda->name_push) {
    tnt__named = true;
    context_now()->mode |= MODE_NAMES;
  }
  return 0;
}

int device_check(int device) {
  if (device == TNT_CPU) return 0;
  TRY(device_open(TNT_CUDA));
  int cards = cuda->count();
  if (device < 1 || device > MAX_CARDS || device_card(device) >= cards) {
    return fail(TNT_EDEVICE,
                "there is no device %s: this machine shows %d card%s (see CUDA_VISIBLE_DEVICES)",
                device_name(device), cards, cards == 1 ? "" : "s");
  }
  return 0;
}

int tnt_device_open(int kind) { return device_open(kind); }

int tnt_device_count(int kind) {
  const device_table *d = device_of(kind);
  return d ? d->count() : 0;
}

int tnt_device_name(char *text, int room, int device) {
  if (device == TNT_CPU) {
    snprintf(text, (size_t)room, "cpu");
    return 0;
  }
  TRY(device_check(device));
  device_facts facts;
  TRY(cuda->facts(device_card(device), &facts));
  snprintf(text, (size_t)room, "%s", facts.name);
  return 0;
}

int tnt_device_properties(tnt_device_properties_info *out, int device) {
  if (device == TNT_CPU) return fail(TNT_EDEVICE, "properties: a card was expected, got the CPU");
  TRY(device_check(device));
  device_facts f;
  TRY(cuda->facts(device_card(device), &f));
  *out = (tnt_device_properties_info){.total_bytes = f.total_bytes,
                                      .l2_bytes = f.l2_bytes,
                                      .shared_bytes = f.shared_bytes,
                                      .major = f.major,
                                      .minor = f.minor,
                                      .processors = f.processors};
  snprintf(out->name, sizeof out->name, "%s", f.name);
  snprintf(out->bus, sizeof out->bus, "%s", f.bus);
  return 0;
}

int tnt_device_versions(tnt_device_versions_info *out) {
  TRY(device_open(TNT_CUDA));
  device_versions v = {0};
  cuda->versions(&v);
  *out = (tnt_device_versions_info){v.runtime, v.driver, v.cublas, v.cudnn, v.nccl};
  return 0;
}

int tnt_device_synchronize(int device) {
  if (device == TNT_CPU) return 0;
  TRY(device_check(device));
  return cuda->synchronize(device_card(device));
}

int tnt__deterministic;
int tnt_set_deterministic(int on) {
  int before = tnt__deterministic;
  tnt__deterministic = on;
  return before;
}

int tnt__tf32;
int tnt_set_tf32(int on) {
  int before = tnt__tf32;
  if (on >= 0) tnt__tf32 = on;
  return before;
}

int tnt__benchmark;
int tnt_set_benchmark(int on) {
  int before = tnt__benchmark;
  if (on >= 0) tnt__benchmark = on;
  return before;
}
