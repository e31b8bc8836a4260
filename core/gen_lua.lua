-- The Lua half of core/gen.lua: methods with annotations (lua/tnt/ops_gen.lua) and the reference
-- page (lua/tnt/help_gen.lua).
local rows, write, banner = ...

local lua = { banner, [[
local core = require "tnt.core"
local C, new, finish = core.C, core.new, core.finish
local operand, number_argument, integer_argument, positions =
  core.operand, core.number_argument, core.integer_argument, core.positions
local list_argument = core.list_argument
local type = type

local ops = {}
]] }
local help = { banner, "return {" }
local methods = {}

local function put(fmt, ...) lua[#lua + 1] = select("#", ...) > 0 and fmt:format(...) or fmt end

local type_of = { number = "number", int = "integer", dim = "integer", ["dim+"] = "integer",
  dims = "integer|integer[]",
  ints = "integer[]", bool = "boolean", list = "tnt.Tensor[]", params = "tnt.List" }

local keywords = { ["end"] = true, ["repeat"] = true, ["not"] = true }

local function annotate(row)
  put("--- %s", row.doc or "Internal: the gradient of another op.")
  if row.source then put("--- Source: %s", row.source) end
  for _, a in ipairs(row.args) do
    local optional = (a.optional or a.default or a.kind == "dims") and "?" or ""
    local comment = a.pattern and a.pattern ~= "?" and "  " .. a.pattern or ""
    if a.kind == "ids" then comment = comment .. "  whole numbers, from 0" end
    if a.kind == "mask" then comment = comment .. "  bool" end
    if a.default then comment = comment .. "  default " .. a.default end
    put("---@param %s%s %s%s", a.name, optional,
      type_of[a.kind] or (row.number and "tnt.Tensor|number" or "tnt.Tensor"), comment)
  end
  for i, o in ipairs(row.outs) do
    if i <= (row.returns or 99) then
      put("---@return tnt.Tensor %s%s", o.name, o.pattern and o.pattern ~= "?" and "  "
        .. o.pattern or "")
    end
  end
end

local function names_of(args)
  local list = {}
  for _, a in ipairs(args) do list[#list + 1] = a.name end
  return table.concat(list, ", ")
end

-- Argument checks, and the C arguments.
local function check_arguments(row)
  for _, a in ipairs(row.args) do
    if a.is_tensor then
      put('  if type(%s) ~= "cdata"%s then %s = operand("%s", "%s", %s) end', a.name,
        a.optional and (" and " .. a.name .. " ~= nil") or "", a.name, row.name, a.name, a.name)
    elseif a.kind == "number" then
      put('  if type(%s) ~= "number" then %s = number_argument("%s", "%s", %s, %s) end', a.name,
        a.name, row.name, a.name, a.name,
        a.default or "nil")
    elseif a.kind == "int" or a.kind == "dim" or a.kind == "dim+" then
      put('  if type(%s) ~= "number" or %s %% 1 ~= 0 then\n'
        .. '    %s = integer_argument("%s", "%s", %s, %s)\n  end', a.name, a.name, a.name, row.name,
        a.name, a.name, a.default or "nil")
    end
  end
  local c, lists = {}, 0
  for _, a in ipairs(row.tensors) do lists = lists + (a.is_list and 1 or 0) end
  for _, a in ipairs(row.tensors) do
    if a.is_list then
      put('  local %s_list, %s_n = list_argument("%s", "%s", %s%s)', a.name, a.name, row.name,
        a.name, a.name, lists > 1 and ", true" or "")
      c[#c + 1] = ("%s_list, %s_n"):format(a.name, a.name)
    else c[#c + 1] = a.name end
  end
  local turn = 0
  for _, a in ipairs(row.scalars) do
    if a.kind == "dims" or a.kind == "ints" then
      turn = turn + 1
      put('  local %s_at, %s_n = positions(%d, "%s", "%s", %s)', a.name, a.name, turn, row.name,
        a.name, a.name)
      c[#c + 1] = ("%s_at, %s_n"):format(a.name, a.name)
    elseif a.kind == "bool" then
      if a.default == "true" then c[#c + 1] = a.name
          .. " == false and 0 or 1" else c[#c + 1] = a.name .. " and 1 or 0" end
    else c[#c + 1] = a.name end
  end
  return c
end

for _, row in ipairs(rows) do
  annotate(row)
  put("function ops.%s(%s)", row.name, names_of(row.args))
  if row.number then
    put("  local y, rc = new(), nil")
    put('  if type(b) == "number" then')
    put('    if type(a) ~= "cdata" then a = operand("%s", "a", a) end', row.name)
    put("    rc = C.tnt_%s_number(y, a, b, 0)", row.name)
    put('  elseif type(a) == "number" then')
    put('    if type(b) ~= "cdata" then b = operand("%s", "b", b) end', row.name)
    put("    rc = C.tnt_%s_number(y, b, a, 1)", row.name)
    put("  else")
    put('    if type(a) ~= "cdata" then a = operand("%s", "a", a) end', row.name)
    put('    if type(b) ~= "cdata" then b = operand("%s", "b", b) end', row.name)
    put("    rc = C.tnt_%s(y, a, b)", row.name)
    put("  end")
    put("  if rc ~= 0 then return finish(rc, y) end\n  return y\nend\n")
  else
    local c = check_arguments(row)
    if row.mutates or #row.outs == 0 then
      put("  local rc = C.tnt_%s(%s)", row.name, table.concat(c, ", "))
      put("  if rc ~= 0 then finish(rc) end")
      if row.mutates then put("  return %s", row.args[1].name) end
      put("end\n")
    else
      local shown, made, out = row.returns or #row.outs, {}, {}
      for i, o in ipairs(row.outs) do
        local name = o.name
        for _, a in ipairs(row.args) do if a.name == name then name = name .. "_out" end end
        if i <= shown then
          put("  local %s = new()", name)
          made[#made + 1] = name
          out[#out + 1] = name
        else out[#out + 1] = "nil" end
      end
      put("  local rc = C.tnt_%s(%s, %s)", row.name, table.concat(out, ", "), table.concat(c, ", "))
      put("  if rc ~= 0 then return finish(rc, %s) end", table.concat(made, ", "))
      put("  return %s\nend\n", table.concat(made, ", "))
    end
  end
  if not row.hidden and not keywords[row.name] then
    methods[#methods + 1] = ('"%s"'):format(row.name)
  end
  if row.inplace then
    put("--- In place: %s", row.doc)
    for _, a in ipairs(row.args) do
      put("---@param %s%s %s", a.name, (a.default or a.optional) and "?" or "",
        type_of[a.kind] or (row.number and "tnt.Tensor|number" or "tnt.Tensor"))
    end
    put("---@return tnt.Tensor %s  the same object", row.args[1].name)
    put("function ops.%s_(%s)", row.name, names_of(row.args))
    if row.number then
      put('  if type(a) ~= "cdata" then a = operand("%s_", "a", a) end', row.name)
      put('  local rc\n  if type(b) == "number" then rc = C.tnt_%s_number_(a, b)\n  else', row.name)
      put('    if type(b) ~= "cdata" then b = operand("%s_", "b", b) end', row.name)
      put("    rc = C.tnt_%s_(a, b)\n  end", row.name)
      put("  if rc ~= 0 then finish(rc) end\n  return a\nend\n")
    else
      local c = check_arguments(row)
      put("  local rc = C.tnt_%s_(%s)", row.name, table.concat(c, ", "))
      put("  if rc ~= 0 then finish(rc) end\n  return %s\nend\n", row.args[1].name)
    end
    if not row.hidden then methods[#methods + 1] = ('"%s_"'):format(row.name) end
  end
  if row.doc then
    help[#help + 1] = ("  [%q] = %q,"):format(row.name, row.signature .. "\n\n" .. row.doc
      .. (row.inplace and ("\nIn place: " .. row.name .. "_.") or "")
        .. (row.source and ("\nSource: " .. row.source .. ".") or "")
      .. ((row.composed or row.rule) and "" or "\nHas no gradient."))
  end
end
lua[#lua + 1] = "--- Names of the ops that are methods of tensors.\nops.methods = { "
  .. table.concat(methods, ", ") .. " }"
lua[#lua + 1] = "\nreturn ops"
help[#help + 1] = "}"
write("lua/tnt/ops_gen.lua", lua)
write("lua/tnt/help_gen.lua", help)
