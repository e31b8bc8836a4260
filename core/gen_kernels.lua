-- The kernels' part of core/gen.lua: formulas as rows for the CPU and as functors for the card, and
-- the tables in which kernels stand by their numbers.
local all, write, banner_c = ...

local k =
  { banner_c,
    "/* Rows of elementwise ops: y[i] = formula. vv: all vectors; vs, sv: the second or first input"
      .. " is one number. */" }
local table_kernels = {}
local function kernel_row(row, variant)
  local function line(fmt, ...) k[#k + 1] = fmt:format(...) end
  local ignores = row.y:find "^ISINF" or row.y:find "^ISFINITE" -- constants for whole numbers
  line("static void %s_%s(void *out, const void *const *in, int64_t n, const double *number) {",
    row.name, variant)
  line("  T *to_ = out;")
  local loads = {}
  for i, a in ipairs(row.tensors) do
    local scalar = variant == "vs" and i == 2 or variant == "sv" and i == 1
    if scalar then line("  const T %s = *(const T *)in[%d];", a.name, i - 1)
    else
      line("  const T *%s_ = in[%d];", a.name, i - 1)
      loads[#loads + 1] = ("const T %s = %s_[i];"):format(a.name, a.name)
    end
  end
  for _, s in ipairs(row.scalars) do line("  const T %s = TO_T(number[%d]);", s.name, s.slot) end
  line("  (void)number;")
  for _, s in ipairs(row.scalars) do line("  (void)%s;", s.name) end
  line("  LOOP_SIMD")
  line("  for (int64_t i = 0; i < n; i++) {")
  line("    %s", table.concat(loads, " "))
  for _, a in ipairs(row.tensors) do
    if not row.y:find("%f[%w_]" .. a.name .. "%f[^%w_]") or ignores then
      line("    (void)%s;", a.name)
    end
  end
  line("    to_[i] = (T)(%s);", row.y)
  line("  }\n}")
end
local rows_of = {}
local cuda_rows = { banner_c, "/* The same formulas for the card: functors, and X(name, whole"
  .. " numbers too) in the order of their numbers. */", "#ifndef TNT_ELEMENTWISE_GEN_CUH",
  "#define TNT_ELEMENTWISE_GEN_CUH", '#include "functions.cuh"' }
local cuda_list = {}
local function cuda_row(row)
  local function line(fmt, ...) cuda_rows[#cuda_rows + 1] = fmt:format(...) end
  line("struct %s_row {", row.name)
  line("  static constexpr int INPUTS = %d, NUMBERS = %d;", #row.tensors, row.n_numbers)
  line("  static constexpr bool DIVIDES = %s;",
    tostring((row.y:find "FLOORDIV%(" or row.y:find "MOD%(") ~= nil))
  line("  template <typename T>")
  line("  static __device__ __forceinline__ T run(const T *in, const double *number) {")
  for i, a in ipairs(row.tensors) do line("    const T %s = in[%d];", a.name, i - 1) end
  for _, s in ipairs(row.scalars) do
    if s.kind == "number" then
      line("    const T %s = scalar_to<T>(number[%d]);", s.name, s.slot)
    end
  end
  line("    (void)in, (void)number;")
  for _, a in ipairs(row.tensors) do
    if not row.y:find("%f[%w_]" .. a.name .. "%f[^%w_]") then line("    (void)%s;", a.name) end
  end
  for _, s in ipairs(row.scalars) do
    if s.kind == "number" then line("    (void)%s;", s.name) end
  end
  line("    return (T)(%s);", row.y)
  line("  }\n};")
  cuda_list[#cuda_list + 1] = ("  X(%s, %d)"):format(row.name, row.int and 1 or 0)
end
for _, row in ipairs(all) do
  if row.elementwise then
    cuda_row(row)
    local guard = not row.int
    if guard then k[#k + 1] = "#if !TNT_IS_INT64" end
    kernel_row(row, "vv")
    local both = #row.tensors == 2 and not row.internal
    if both then
      kernel_row(row, "vs")
      kernel_row(row, "sv")
    end
    if guard then k[#k + 1] = "#endif" end
    local cell = both and ("{%s_vv, %s_vs, %s_sv}"):format(row.name, row.name, row.name)
      or ("{%s_vv, NULL, NULL}"):format(row.name)
    rows_of[#rows_of + 1] = guard and ("    [%d] = FLOAT_ROW(%s_vv, %s, %s),"):format(row.kernel,
      row.name, both and row.name .. "_vs" or "NULL", both and row.name .. "_sv" or "NULL")
      or ("    [%d] = %s,"):format(row.kernel, cell)
  elseif not row.view then
    table_kernels[#table_kernels + 1] = row.int and ("    [%d] = %s_cpu,"):format(row.kernel,
      row.name)
      or ("    [%d] = FLOAT_KERNEL(%s_cpu),"):format(row.kernel, row.name)
  end
end
-- -- what the card's library is made of: its kernels in order, and the hash it must share ---------
-- FNV-1a as ops_hash() in core/device.c computes it.
local function ops_hash()
  local ffi, bit = require "ffi", require "bit"
  local h = ffi.new("uint64_t", 14695981039346656037ULL)
  local function add(v) h = bit.bxor(h, ffi.cast("uint64_t", v)) * 1099511628211ULL end
  for _, row in ipairs(all) do
    for i = 1, #row.signature do add(row.signature:byte(i)) end
    add(row.kernel % 2 ^ 32)
  end
  return tostring(h)
end
local cuda_table = { banner_c,
  "/* Kernels of the card in the order of their numbers: X(name, whether whole numbers too). */",
  "#ifndef TNT_CUDA_TABLE_GEN_H", "#define TNT_CUDA_TABLE_GEN_H",
  "#define TNT_OPS_HASH " .. ops_hash(), "#define TNT_CUDA_KERNELS(X) \\" }
for _, row in ipairs(all) do
  if not row.elementwise and not row.view then
    cuda_table[#cuda_table + 1] = ("  X(%s, %d) \\"):format(row.name, row.int and 1 or 0)
  end
end
cuda_table[#cuda_table] = cuda_table[#cuda_table]:sub(1, -3)
cuda_table[#cuda_table + 1] = "#endif"
write("kernels/cuda_table_gen.h", cuda_table)

write("kernels/elementwise_gen.h", k)
cuda_rows[#cuda_rows + 1] = "#define TNT_CUDA_ROWS(X) \\\n"
  .. table.concat(cuda_list, " \\\n") .. "\n#endif"
write("kernels/elementwise_gen.cuh", cuda_rows)
write("kernels/table_gen.h", { banner_c, "  .row = {", table.concat(rows_of, "\n"), "  },",
  "  .kernel = {", table.concat(table_kernels, "\n"), "  }," })
