/* The device table: the CPU's own entry, and the opening of plug-in libraries. */
#include "device.h"

#include <dlfcn.h>
#include <stdio.h>

#include "calls_gen.h"

static int cpu_count(void) { return 1; }
static void *cpu_alloc(int index, size_t bytes, void *stream) {
  (void)index, (void)stream;
  return block_alloc(bytes);
}
static void cpu_release(int index, void *data, size_t bytes, void *stream) {
  (void)index, (void)stream;
  block_free(data, bytes);
}
static void *cpu_stream(int index) {
  (void)index;
  return NULL;
}
static int cpu_synchronize(int index) {
  (void)index;
  return 0;
}
static int cpu_zero(int index, void *data, size_t bytes, void *stream) {
  (void)index, (void)stream;
  memset(data, 0, bytes);
  return 0;
}
static int cpu_copy(int index, void *to, const void *from, size_t bytes, void *stream) {
  (void)index, (void)stream;
  memcpy(to, from, bytes);
  return 0;
}

static const device_table cpu = {
    .size = sizeof cpu,
    .version = DEVICE_VERSION,
    .name = "cpu",
    .count = cpu_count,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .stream = cpu_stream,
    .synchronize = cpu_synchronize,
    .zero = cpu_zero,
    .write = cpu_copy,
    .read = cpu_copy,
    .elementwise = elementwise_cpu,
    .kernel = run_kernel,
};

static const device_table *tables[DEVICES] = {&cpu};
static const char *const libraries[DEVICES] = {NULL, "libtnt_cuda.so"};
static const char *const names[DEVICES] = {"cpu", "cuda"};

const device_table *device_of(int device) {
  return device >= 0 && device < DEVICES ? tables[device] : NULL;
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

int device_open(int device) {
  if (device < 0 || device >= DEVICES)
    return fail(TNT_EDEVICE, "there is no device number %d", device);
  if (tables[device]) return 0;
  const char *name = names[device];
  if (device ==
      TNT_CUDA) { /* cheap to ask, and without a driver the rest would take 100 ms to find out */
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!driver)
      return fail(TNT_EDEVICE,
                  "cuda is not available: this machine has no NVIDIA driver (libcuda.so.1)");
    dlclose(driver);
  }
  char path[4200];
  own_folder(path, 4000);
  strcat(path, libraries[device]);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *why = dlerror();
    return fail(
        TNT_EDEVICE,
        "%s is not available: %s (built where CMake finds a CUDA toolkit: scripts/build cuda)",
        name, why ? why : path);
  }
  device_entry *entry;
  *(void **)&entry = dlsym(library, "tnt_plugin");
  if (!entry) return fail(TNT_EDEVICE, "%s is not available: %s exports no tnt_plugin", name, path);
  device_host host = {sizeof host, DEVICE_VERSION, ops_hash(), fail, tnt__ops};
  device_plugin plugin = {.size = sizeof plugin};
  TRY(entry(&host, &plugin));
  if (plugin.size != sizeof plugin || plugin.version != DEVICE_VERSION ||
      plugin.ops_hash != host.ops_hash || !plugin.table ||
      plugin.table->size != sizeof(device_table)) {
    return fail(
        TNT_EDEVICE,
        "%s is not available: %s was built from other sources than libtnt; build both again", name,
        path);
  }
  tables[device] = plugin.table;
  return 0;
}

int tnt_device_open(int device) { return device_open(device); }

int tnt_device_count(int device) {
  const device_table *d = device_of(device);
  return d ? d->count() : 0;
}

int tnt_device_synchronize(int device, int index) {
  const device_table *d = device_of(device);
  return d ? d->synchronize(index) : 0;
}
