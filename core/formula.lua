-- Formulas of the op table: a C expression is parsed once and used three ways: as it is in kernels,
-- by name for what must be saved, and as a sequence of op calls where gradients of gradients are
-- wanted.

local formula = {}

local function tokens(text)
  local list, at = {}, 1
  while at <= #text do
    local a, b = text:find("^%s+", at)
    if a then
      at = b + 1
    else
      local word = text:match("^[%a_][%w_]*", at) or text:match("^%d+%.?%d*[eE]?[-]?%d*", at)
        or text:match("^[=!<>]=", at) or text:match("^&&", at) or text:match("^||", at)
        or text:match("^[-+*/()<>?:,!]", at)
      assert(word, "formula: cannot read " .. text:sub(at))
      list[#list + 1] = word
      at = at + #word
    end
  end
  return list
end

-- Binary operators from weakest to strongest.
local levels = { { "||" }, { "&&" }, { "==", "!=" }, { "<", ">", "<=", ">=" }, { "+", "-" },
  { "*", "/" } }

--- Parses an expression into a tree of {kind, ...}: number, name, call, unary, binary, choose.
function formula.parse(text)
  text = text:gsub("%(T%)", "") -- casts to the compute type say nothing to ops
  local list, at = tokens(text), 1
  local expression
  local function take(word)
    if list[at] == word then
      at = at + 1
      return true
    end
  end
  local function primary()
    local word = list[at]
    at = at + 1
    if word == "(" then
      local inner = expression()
      assert(take ")", "formula: ) expected in " .. text)
      return inner
    elseif word == "-" then
      local inner = primary()
      if inner.kind == "number" then return { kind = "number", value = "-" .. inner.value } end
      return { kind = "unary", op = "-", inner }
    elseif word:match "^%d" then
      return { kind = "number", value = word }
    elseif take "(" then
      local call = { kind = "call", name = word }
      repeat call[#call + 1] = expression() until not take ","
      assert(take ")", "formula: ) expected in " .. text)
      return call
    end
    return { kind = "name", name = word }
  end
  local function binary(level)
    if level > #levels then return primary() end
    local left = binary(level + 1)
    while true do
      local found
      for _, sign in ipairs(levels[level]) do
        if list[at] == sign then found = sign end
      end
      if not found then return left end
      at = at + 1
      left = { kind = "binary", op = found, left, binary(level + 1) }
    end
  end
  function expression()
    local condition = binary(1)
    if not take "?" then return condition end
    local yes = expression()
    assert(take ":", "formula: : expected in " .. text)
    return { kind = "choose", condition, yes, expression() }
  end
  local tree = expression()
  assert(at == #list + 1, "formula: left over in " .. text)
  return tree
end

--- The names a tree uses, as a set.
function formula.names(tree, set)
  set = set or {}
  if tree.kind == "name" then set[tree.name] = true end
  for _, branch in ipairs(tree) do formula.names(branch, set) end
  return set
end

local op_of = {
  ["+"] = "add", ["-"] = "sub", ["*"] = "mul", ["/"] = "div", ["=="] = "eq", ["!="] = "ne",
    ["<"] = "lt",
  ["<="] = "le", [">"] = "gt", [">="] = "ge", ["&&"] = "logical_and", ["||"] = "logical_or",
}

--- Emits C that computes a tree by op calls. `names` maps a name to {tensor = C expression} or
--- {number = C expression}. Returns the lines, the C expression of the result, the number of
--- temporaries; the result is a temporary unless it is itself a name.
function formula.compose(tree, names, like)
  local lines, temporaries = {}, 0
  local function call(text)
    lines[#lines + 1] = "  if (!rc) rc = " .. text .. ";"
  end
  local function temporary()
    temporaries = temporaries + 1
    return ("t[%d]"):format(temporaries - 1)
  end
  local emit
  local function tensor_of(value)
    if value.tensor then return value.tensor end
    local t = temporary()
    call(("op_fill(c, &%s, %s, %s)"):format(t, like, value.number))
    return t
  end
  function emit(node)
    if node.kind == "number" then return { number = node.value } end
    if node.kind == "name" then
      return assert(names[node.name], "formula: unknown name " .. node.name)
    end
    local kids = {}
    for i, kid in ipairs(node) do kids[i] = emit(kid) end
    if node.kind == "unary" then
      if kids[1].number then return { number = "(-" .. kids[1].number .. ")" } end
      local t = temporary()
      call(("op_neg(c, &%s, %s)"):format(t, kids[1].tensor))
      return { tensor = t }
    elseif node.kind == "binary" then
      local a, b = kids[1], kids[2]
      if a.number and b.number then
        return { number = ("(%s %s %s)"):format(a.number, node.op, b.number) }
      end
      local t, name = temporary(), op_of[node.op]
      if a.tensor and b.tensor then
        call(("op_%s(c, &%s, %s, %s)"):format(name, t, a.tensor, b.tensor))
      elseif b.number then
        call(("op_%s_number(c, &%s, %s, %s, 0)"):format(name, t, a.tensor, b.number))
      else call(("op_%s_number(c, &%s, %s, %s, 1)"):format(name, t, b.tensor, a.number)) end
      return { tensor = t }
    elseif node.kind == "choose" then
      local t = temporary()
      call(("op_where(c, &%s, %s, %s, %s)"):format(t, kids[1].tensor, tensor_of(kids[2]),
        tensor_of(kids[3])))
      return { tensor = t }
    end
    local t, name = temporary(), node.name:lower()
    if #kids == 2 and kids[2].number then
      call(("op_%s_number(c, &%s, %s, %s, 0)"):format(name, t, kids[1].tensor, kids[2].number))
    else
      local arguments = {}
      for i, kid in ipairs(kids) do arguments[i] = tensor_of(kid) end
      call(("op_%s(c, &%s, %s)"):format(name, t, table.concat(arguments, ", ")))
    end
    return { tensor = t }
  end
  local result = emit(tree)
  return lines, tensor_of(result), temporaries
end

return formula
