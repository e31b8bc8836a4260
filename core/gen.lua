-- Writes what follows from the op table (core/ops.lua): run by scripts/gen. Each output says which
-- part it holds.

package.path = "core/?.lua;" .. package.path
local bit = require "bit"
local optable = require "optable"
local formula = require "formula"
local rows = optable.load "core/ops.lua"

local banner_c = "/* Generated from core/ops.lua by core/gen.lua: do not edit. */\n"
local banner_lua = "-- Generated from core/ops.lua by core/gen.lua: do not edit.\n"

local function write(path, parts)
  local text = table.concat(parts, "\n") .. "\n"
  local old = io.open(path, "rb")
  if old then
    local same = old:read "*a" == text
    old:close()
    if same then return end
  end
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function upper(name) return name:upper() end

-- -- elementwise gradients: fused ops beside their forwards ---------------------------------------
local function gradient_name(row, a) return ("%s_d%s"):format(row.name, a.name) end

-- A gradient formula that is one op on two tensors needs no kernel of its own.
local function single_op(tree)
  return tree.kind == "binary" and tree[1].kind == "name" and tree[2].kind == "name"
    and ({ ["*"] = "mul", ["/"] = "div", ["+"] = "add", ["-"] = "sub" })[tree.op]
    or tree.kind == "unary" and tree[1].kind == "name" and "neg"
end

local all = {} -- rows and the hidden rows made of gradients
for _, row in ipairs(rows) do
  all[#all + 1] = row
  row.gradients = {}
  if row.elementwise then
    local used = {}
    for i, a in ipairs(row.tensors) do
      local text = row["d" .. a.name]
      if text then
        local tree = formula.parse(text)
        local g = { input = i, text = text, tree = tree, arg = a }
        local names = formula.names(tree)
        for name in pairs(names) do used[name] = true end -- order: free
        row.gradients[#row.gradients + 1] = g
        if text ~= "dy" and not single_op(tree) then
          g.fused = gradient_name(row, a)
          local args = { { name = "dy", kind = "tensor", is_tensor = true } }
          for _, b in ipairs(row.tensors) do
            if names[b.name] then args[#args + 1] = b end
          end
          if names.y then args[#args + 1] = { name = "y", kind = "tensor", is_tensor = true } end
          local tensors = {}
          for k, b in ipairs(args) do tensors[k] = b end
          for _, b in ipairs(row.scalars) do args[#args + 1] = { name = b.name, kind = b.kind } end
          local c_text = text:gsub("%f[%w_]([%d.]+e?%-?%d*)%f[^%w_.]", "(T)%1")
          for _, s in ipairs(row.scalars) do
            c_text = c_text:gsub("%f[%w_]" .. s.name .. "%f[^%w_]", "(T)" .. s.name)
          end
          all[#all + 1] = {
            name = g.fused, args = args, tensors = tensors, scalars = row.scalars,
              outs = { { name = "dx" } }, elementwise = true,
            y = c_text, hidden = true, internal = true, onlyfloat = true, gradients = {},
              signature = g.fused,
          }
        end
      end
    end
    for i, a in ipairs(row.tensors) do
      if used[a.name] then row.save = (row.save or 0) + 2 ^ (i - 1) end
    end
    if used.y then row.save_out = 1 end
    row.composed = #row.gradients > 0
    row.twice = row.composed
  end
end
-- What rules written in C want to see again: inputs in order, then outputs.
for _, row in ipairs(all) do
  for name in (row.saves or ""):gmatch "%S+" do
    local found
    for i, a in ipairs(row.tensors) do
      if a.name == name then row.save, found = (row.save or 0) + 2 ^ (i - 1), true end
    end
    for i, o in ipairs(row.outs) do
      if o.name == name and not found then
        row.save_out, found = (row.save_out or 0) + 2 ^ (i - 1), true
      end
    end
    assert(found, row.name .. ": saves an unknown " .. name)
  end
end

-- What the gradient of each input needs of what is saved: inputs as bits 0 to 7, outputs from bit 8
-- on.
for _, row in ipairs(all) do
  local everything = (row.save or 0) + 256 * (row.save_out or 0)
  row.need = { everything, everything, everything, everything }
  local function bits(names)
    local m = 0
    for i, a in ipairs(row.tensors) do if names[a.name] then m = m + 2 ^ (i - 1) end end
    for i, o in ipairs(row.outs) do if names[o.name] then m = m + 2 ^ (7 + i) end end
    return m
  end
  if row.elementwise then
    row.need = { 0, 0, 0, 0 }
    for _, g in ipairs(row.gradients) do row.need[g.input] = bits(formula.names(g.tree)) end
  elseif row.needs then
    for i, a in ipairs(row.tensors) do
      local names, at = {}, math.min(i, 4) -- the last is for all further inputs
      for name in (row.needs[a.name] or ""):gmatch "%S+" do names[name] = true end
      if row.needs[a.name] then
        row.need[at] = i > 4 and bit.bor(row.need[at], bits(names)) or bits(names)
      end
    end
  end
end

-- Order of kernels: rows of formulas, and functions.
local n_rows, n_kernels = 0, 0
for id, row in ipairs(all) do
  row.id = id - 1
  if row.elementwise then
    row.kernel, n_rows = n_rows, n_rows + 1
  elseif row.view then
    row.kernel = -1
  else
    row.kernel, n_kernels = n_kernels, n_kernels + 1
  end
end

-- -- C types --------------------------------------------------------------------------------------
local function parameters(row, first, handle)
  local list = { first }
  local tensor = handle and "const tnt_tensor *" or "tensor *"
  for _, a in ipairs(row.tensors) do
    if a.is_list then
      list[#list + 1] = (handle and "const tnt_tensor *%s, int n_%s"
        or "tensor *const *%s, int n_%s"):format(a.name, a.name)
    else
      list[#list + 1] = tensor .. a.name
    end
  end
  for _, a in ipairs(row.scalars) do
    if a.kind == "number" then list[#list + 1] = "double " .. a.name
    elseif a.kind == "bool" then list[#list + 1] = "int " .. a.name
    elseif a.kind == "dims" or a.kind == "ints" then
      list[#list + 1] = ("const int64_t *%s, int n_%s"):format(a.name, a.name)
    else list[#list + 1] = "int64_t " .. a.name end
  end
  return table.concat(list, ", ")
end

local function out_names(row, t)
  local list = {}
  for _, o in ipairs(row.outs) do list[#list + 1] = t .. o.name end
  return list
end

-- -- slots of scalar arguments --------------------------------------------------------------------
local slot_lines =
  { banner_c,
    "/* Where an op's scalar arguments lie: numbers[] and integers[] (a list: its length, then 8"
      .. " places). */",
  "#ifndef TNT_SLOTS_GEN_H", "#define TNT_SLOTS_GEN_H", "enum {" }
for _, row in ipairs(all) do
  local numbers, integers = 0, 0
  row.dim_slots, row.list_slots = {}, {}
  for _, a in ipairs(row.scalars) do
    if a.kind == "number" then
      a.slot, numbers = numbers, numbers + 1
    else
      a.slot = integers
      if a.kind == "dims" or a.kind == "ints" then integers = integers + 9 else integers = integers
          + 1 end
    end
    if not row.internal then
      slot_lines[#slot_lines + 1] = ("  %s_%s = %d,"):format(upper(row.name), upper(a.name), a.slot)
    end
  end
  row.n_numbers, row.n_integers = numbers, integers
  assert(integers <= 40 and numbers <= 8, row.name)
end
slot_lines[#slot_lines + 1] = "  TNT_SLOTS_END\n};"
slot_lines[#slot_lines + 1] = ("enum { TNT_ROWS = %d, TNT_KERNELS = %d };"):format(n_rows,
  n_kernels)
slot_lines[#slot_lines + 1] = "#endif"
write("kernels/slots_gen.h", slot_lines)

-- -- prototypes -----------------------------------------------------------------------------------
local function out_list(row, t) return table.concat(out_names(row, t), ", ") end
local public, internal = { banner_c }, { banner_c, "#ifndef TNT_CALLS_GEN_H",
  "#define TNT_CALLS_GEN_H", '#include "core.h"', "enum {" }
for _, row in ipairs(all) do
  internal[#internal + 1] = ("  OP_ID_%s = %d,"):format(upper(row.name), row.id)
end
internal[#internal + 1] = "  N_OPS\n};"

local function public_prototypes(row)
  local list = {}
  if row.internal then return list end
  if row.mutates then
    list[1] = ("int tnt_%s(%s)"):format(row.name, parameters(row, nil, true):gsub("^, ", ""))
    return list
  end
  local outs = #row.outs > 0 and out_list(row, "tnt_tensor *") or nil
  local p = parameters(row, outs, true)
  list[1] = ("int tnt_%s(%s)"):format(row.name, (p:gsub("^, ", "")))
  if row.number then
    list[#list + 1] =
      ("int tnt_%s_number(%s, const tnt_tensor *a, double b, int reversed)"):format(row.name, outs)
  end
  if row.inplace then
    list[#list + 1] = ("int tnt_%s_(%s)"):format(row.name,
      (parameters(row, nil, true):gsub("^, ", "")))
    if row.number then
      list[#list + 1] = ("int tnt_%s_number_(const tnt_tensor *a, double b)"):format(row.name)
    end
  end
  return list
end
for _, row in ipairs(all) do
  for _, p in ipairs(public_prototypes(row)) do public[#public + 1] = "TNT_API " .. p .. ";" end
  do
    local outs = #row.outs > 0 and not row.mutates and ", " .. out_list(row, "tensor **") or ""
    internal[#internal + 1] = ("int op_%s(%s);"):format(row.name,
      parameters(row, "context *c" .. outs, false))
    if row.number then
      internal[#internal + 1] =
        ("int op_%s_number(context *c, tensor **y, tensor *a, double b, int reversed);")
          :format(row.name)
    end
  end
end
internal[#internal + 1] = "#endif"
write("core/ops_gen.h", public)
write("core/calls_gen.h", internal)

-- -- records, entries, rules ----------------------------------------------------------------------
local c = { banner_c, '#include "calls_gen.h"', '#include "entry.h"', "" }
local function put(fmt, ...) c[#c + 1] = select("#", ...) > 0 and fmt:format(...) or fmt end

-- patterns as bytes, see shape.c
local function pattern_bytes(pattern)
  local list = {}
  if not pattern then return { 28, 0 } end
  if pattern == "?" then return { 28, 0 } end
  for item in pattern:sub(2, -2):gmatch "[^,%s]+" do
    list[#list + 1] = item == "..." and 27 or item:byte() - 64
  end
  list[#list + 1] = 0
  return list
end

local shapes, rules, flops = {}, {}, {}
for _, row in ipairs(all) do
  if row.flops and not flops[row.flops] then
    flops[row.flops] = true
    put("int64_t %s_flops(const call *k);", row.flops)
  end
  if row.shape and not shapes[row.shape] then
    shapes[row.shape] = true
    put("int %s_shape(call *k);", row.shape)
  end
  if row.view then put("int %s_view(call *k);", row.name) end
  if row.rule and not rules[row.rule] then
    rules[row.rule] = true
    put("int %s_rule(rule_call *r);", row.rule)
  end
end
put("")

local function emit_rule(row)
  put("static int %s_rule_gen(rule_call *r) {", row.name)
  put("  context *c = r->c;")
  put("  tensor *dy = r->dy[0];")
  local names, at = { dy = { tensor = "dy" } }, 0
  local needed, saved_at = {}, {}
  for _, g in ipairs(row.gradients) do
    for name in pairs(formula.names(g.tree)) do needed[name] = true end -- order: free
  end
  for _, a in ipairs(row.tensors) do
    if needed[a.name] then
      saved_at[#saved_at + 1] = { name = a.name, at = at }
      at = at + 1
    end
    names[a.name] = { tensor = a.name }
  end
  if needed.y then
    saved_at[#saved_at + 1] = { name = "y", at = at }
    names.y = { tensor = "y" }
  end
  for _, s in ipairs(row.scalars) do
    if needed[s.name] or #row.scalars > 0 then
      names[s.name] = { number = ("r->node->numbers[%d]"):format(s.slot) }
    end
  end
  for _, g in ipairs(row.gradients) do
    local out = ("&r->dx[%d]"):format(g.input - 1)
    put("  if (r->want[%d]) {", g.input - 1)
    local uses = formula.names(g.tree)
    for _, item in ipairs(saved_at) do
      if uses[item.name] then
        put("    tensor *%s;", item.name)
        put("    TRY(saved_tensor(r, %d, &%s));", item.at, item.name)
      end
    end
    if g.text == "dy" then
      put("    tensor_ref(dy);")
      put("    r->dx[%d] = dy;", g.input - 1)
    else
      local single = single_op(g.tree)
      local function emit_composed(indent)
        local lines, result, n = formula.compose(g.tree, names, "dy")
        put("%s  int rc = 0;", indent)
        put("%s  tensor *t[%d] = {0};", indent, n)
        for _, line in ipairs(lines) do put("%s%s", indent, line) end
        put("%s  if (!rc) r->dx[%d] = %s, %s = NULL;", indent, g.input - 1, result, result)
        put("%s  for (int i = 0; i < %d; i++) tensor_unref(c, t[i]);", indent, n)
        put("%s  if (rc) return rc;", indent)
      end
      if single then
        emit_composed "  "
      else
        local args = { "dy" }
        for _, a in ipairs(row.tensors) do
          if formula.names(g.tree)[a.name] then args[#args + 1] = a.name end
        end
        if formula.names(g.tree).y then args[#args + 1] = "y" end
        for _, s in ipairs(row.scalars) do
          args[#args + 1] = ("r->node->numbers[%d]"):format(s.slot)
        end
        put("    if (!c->create_graph) {")
        put("      TRY(op_%s(c, %s, %s));", g.fused, out, table.concat(args, ", "))
        put("    } else {")
        emit_composed "    "
        put("    }")
      end
    end
    put("  }")
  end
  if not needed.dy and #row.gradients == 0 then put("  (void)dy;") end
  put("  (void)c;")
  put("  return 0;")
  put("}\n")
end
for _, row in ipairs(all) do
  if row.composed then emit_rule(row) end
end

for _, row in ipairs(all) do
  local names, patterns = {}, {}
  for _, a in ipairs(row.tensors) do
    names[#names + 1] = '"' .. a.name .. '"'
    for _, b in ipairs(pattern_bytes(a.pattern)) do patterns[#patterns + 1] = b end
  end
  for _, o in ipairs(row.outs) do
    for _, b in ipairs(pattern_bytes(o.pattern)) do patterns[#patterns + 1] = b end
  end
  put("static const char *const %s_names[] = {%s};", row.name,
    #names > 0 and table.concat(names, ", ") or "NULL")
  put("static const int8_t %s_patterns[] = {%s};", row.name,
    #patterns > 0 and table.concat(patterns, ", ") or "0")
end

-- The tensors of a row that are no lists: the call's in[0], in[1], ...
local function plain_tensors(row)
  local list = {}
  for _, a in ipairs(row.tensors) do
    if not a.is_list then list[#list + 1] = a end
  end
  return list
end

local function mask(list, test)
  local m = 0
  for i, item in ipairs(list) do
    if test(item) then m = m + 2 ^ (i - 1) end
  end
  return m
end

put("\nconst op_record tnt__ops[] = {")
for _, row in ipairs(all) do
  local flags = {}
  local function flag(on, name) if on then flags[#flags + 1] = name end end
  flag(row.elementwise, "OP_ELEMENTWISE")
  flag(row.view, "OP_VIEW")
  flag(row.strided, "OP_STRIDED")
  flag(row.images, "OP_IMAGES")
  flag(row.heads, "OP_HEADS")
  flag(row.elementwise or row.promote, "OP_PROMOTE")
  flag(row.result == "bool", "OP_BOOL_OUT")
  flag(row.float, "OP_FLOAT_OUT")
  flag(row.wide, "OP_WIDE_SUM")
  flag(row.tensors[1] and row.tensors[1].is_list, "OP_LIST")
  flag(row.tensors[1] and row.tensors[1].kind == "params", "OP_PARAMS")
  flag(row.random, "OP_RANDOM")
  flag(row.onlyfloat, "OP_ONLY_FLOAT")
  flag(row.mutates, "OP_MUTATES")
  flag(row.hidden and not row.rule and row.name:find "_grad" or row.internal, "OP_GRADIENT")
  flag(mask(row.scalars, function(a) return a.name == "turn" end) > 0, "OP_DRAWS_AGAIN")
  flag(row.autocast == "low", "OP_AUTOCAST_LOW")
  flag(row.autocast == "f32", "OP_AUTOCAST_F32")
  local optional = mask(row.tensors, function(a) return a.optional end)
  local rule = row.composed and row.name .. "_rule_gen" or row.rule and row.rule .. "_rule"
    or "NULL"
  local shape = row.view and row.name .. "_view" or row.shape and row.shape .. "_shape"
    or (row.elementwise or row.mutates) and "NULL" or #row.outs > 0 and "shape_from_patterns"
      or "NULL"
  put('  {.name = "%s",', row.name)
  put('   .signature = "%s",', (row.signature:gsub('"', '\\"')))
  put("   .flags = %s,", #flags > 0 and table.concat(flags, " | ") or "0")
  put("   .kernel = %d, .n_in = %d, .n_out = %d, .n_numbers = %d, .n_integers = %d,", row.kernel,
    #plain_tensors(row), #row.outs, row.n_numbers,
      row.n_integers)
  local narrow = " " .. (row.narrow or "") .. " "
  put("   .wide = %d, .out_wide = %d, .narrow = %d,",
    mask(row.tensors, function(a) return a.wide end),
    mask(row.outs, function(o) return o.wide end),
    mask(row.tensors, function(a) return narrow:find(" " .. a.name .. " ", 1, true) end))
  put("   .ids = %d, .mask = %d, .optional = %d, .out_ids = %d, .save = %d, .save_out = %d,",
    mask(row.tensors, function(a) return a.kind == "ids" end), mask(row.tensors, function(a)
      return a.kind == "mask"
    end),
    optional, mask(row.outs, function(o) return o.ids end), row.save or 0, row.save_out or 0)
  local dims = {}
  for _, s in ipairs(row.scalars) do
    local code = ({ dim = 1, ["dim+"] = 2, dims = 3 })[s.kind]
    if code and row.name ~= "cat" then dims[#dims + 1] = ("%d, %d"):format(code, s.slot) end
  end
  dims[#dims + 1] = "0"
  put("   .positions = {%s}, .need = {%s},", table.concat(dims, ", "), table.concat(row.need, ", "))
  put("   .in_names = %s_names, .patterns = %s_patterns, .shape = %s, .rule = %s, .flops = %s, "
    .. ".twice = %s},",
    row.name, row.name, shape, rule, row.flops and row.flops .. "_flops" or "NULL",
    row.twice and "true" or "false")
end
put("};\n")

local function fill_scalars(row)
  for _, a in ipairs(row.scalars) do
    if a.kind == "number" then put("  q.numbers[%d] = %s;", a.slot, a.name)
    elseif a.kind == "dims" or a.kind == "ints" then
      put("  TRY(call_list(&q, %d, %s, n_%s));", a.slot, a.name, a.name)
    else put("  q.integers[%d] = %s;", a.slot, a.name) end
  end
end

local function put_plain_tensors(row)
  for i, a in ipairs(plain_tensors(row)) do
    put("  %sRESOLVE_ARGUMENT(c, q.in[%d], %s, \"%s\", \"%s\");",
      a.optional and ("if (%s) "):format(a.name) or "", i - 1, a.name, row.name, a.name)
  end
end

for _, row in ipairs(all) do
  local is_list = row.tensors[1] and row.tensors[1].is_list
  for _, proto in ipairs(public_prototypes(row)) do
    local in_place = proto:match "^int tnt_[%w_]+_%(" and not row.name:match "_$" or row.mutates
    local number = proto:match "_number_?%("
    put("%s {", proto)
    put("  context *c = context_now();")
    put("  call q;\n  call_begin(&q, c, OP_ID_%s);", upper(row.name))
    if is_list then
      for _, a in ipairs(row.tensors) do
        if a.is_list then
          put("  TRY(call_%s(&q, %s, n_%s));", a.kind == "params" and "params" or "handles", a.name,
            a.name)
        end
      end
      put_plain_tensors(row)
    elseif number then
      put("  RESOLVE_ARGUMENT(c, q.in[0], a, \"%s\", \"a\");", row.name)
      if in_place then put("  CALL_NUMBER(&q, 1, b);")
      else
        put("  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;")
        put("  CALL_NUMBER(&q, reversed ? 0 : 1, b);")
      end
    else
      put_plain_tensors(row)
    end
    if not number then fill_scalars(row) end
    if in_place then
      put("  q.in_place = true;")
      put("  q.out[0] = q.in[0];")
      put("  TRY(dispatch(&q));\n  return call_done(c);")
    else
      put("  TRY(dispatch(&q));")
      local gives = {}
      for i, o in ipairs(row.outs) do
        gives[#gives + 1] = ("handle_give_if(c, %s, q.out[%d])"):format(o.name, i - 1)
      end
      gives[#gives + 1] = "call_done(c)"
      put("  return %s;", table.concat(gives, " | "))
    end
    put("}\n")
  end
  -- internal calls
  local outs = #row.outs > 0 and not row.mutates and ", " .. out_list(row, "tensor **") or ""
  put("int op_%s(%s) {", row.name, parameters(row, "context *c" .. outs, false))
  put("  call q;\n  call_begin(&q, c, OP_ID_%s);", upper(row.name))
  if is_list then
    for _, a in ipairs(row.tensors) do
      if a.is_list then put("  TRY(call_tensors(&q, %s, n_%s));", a.name, a.name) end
    end
  end
  for i, a in ipairs(plain_tensors(row)) do put("  q.in[%d] = %s;", i - 1, a.name) end
  fill_scalars(row)
  if row.mutates then put("  q.in_place = true;\n  q.out[0] = q.in[0];\n  return dispatch(&q);")
  else
    put("  TRY(dispatch(&q));")
    for i, o in ipairs(row.outs) do put("  CALL_GIVE(c, %s, q.out[%d]);", o.name, i - 1) end
    put("  return 0;")
  end
  put("}\n")
  if row.number then
    put("int op_%s_number(context *c, tensor **y, tensor *a, double b, int reversed) {", row.name)
    put("  call q;\n  call_begin(&q, c, OP_ID_%s);", upper(row.name))
    put("  q.in[reversed ? 1 : 0] = a;")
    put("  CALL_NUMBER(&q, reversed ? 0 : 1, b);")
    put("  TRY(dispatch(&q));\n  *y = q.out[0];\n  return 0;\n}\n")
  end
end
write("core/ops_gen.c", c)

assert(loadfile "core/gen_kernels.lua")(all, write, banner_c)
assert(loadfile "core/gen_lua.lua")(rows, write, banner_lua)
