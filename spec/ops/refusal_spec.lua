-- What an op cannot take is refused before anything is written: wrong shapes, dims, positions and
-- kinds of arguments, each
-- with its kind and with the op's name.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"
local listed = require "spec.ops.listed"

local function refused(row, args, kind, where)
  local ok, err = pcall(build.call, { row = row, n = #row.args, args = args }, args)
  assert.is_false(ok, (where or row.name) .. " was not refused")
  assert.equal("table", type(err), tostring(err))
  if kind then assert.equal(kind, err.kind, (where or row.name) .. ": " .. err.message) end
  assert.truthy(err.message:find(row.name, 1, true), err.message)
  return err
end

local makers = {}
function makers.t(shape) return tnt.ones(shape) end
function makers.ids(shape) return tnt.zeros(shape, { dtype = "i64" }) end
function makers.mask(shape) return tnt.zeros(shape, { dtype = "bool" }) end

local function first(row) return build.arguments(examples.of(row)[1], "f32") end

describe("wrong shapes are refused by", function()
  for _, row in ipairs(examples.walk()) do
    if row.elementwise and #row.tensors > 1 then
      it(row.name, function()
        local args = first(row)
        local turn = 0
        for i, a in ipairs(row.args) do
          if a.is_tensor then
            turn = turn + 1
            local make = a.kind == "mask" and makers.mask or makers.t
            args[i] = make(turn == 1 and { 2, 3 } or { 2, 4 })
          end
        end
        refused(row, args, "shape")
      end)
    elseif #row.tensors > 0 then
      -- a tensor with a pattern: too few dims, or a letter that disagrees
      for i, a in ipairs(row.args) do
        if a.is_tensor and a.pattern and a.pattern ~= "?" and a.pattern ~= "[...]" then
          it(row.name .. " in " .. a.name, function()
            local args = first(row)
            local make = a.kind == "ids" and makers.ids or makers.t
            args[i] = make { 2, 2, 2, 2, 2, 2, 2 }
            local fixed = not a.pattern:find("...", 1, true)
            if fixed then refused(row, args, "shape") end
            args[i] = make {}
            refused(row, args, "shape")
          end)
        end
      end
    end
    if listed[row.name] and listed[row.name].wrong then
      it(row.name .. ", as listed", function()
        for _, args in ipairs(listed[row.name].wrong(makers)) do
          args.n = #row.args
          refused(row, args, "shape")
        end
      end)
    end
  end

  it("matmul, naming both", function()
    local ok, err = pcall(ops.matmul, tnt.ones(2, 3), tnt.ones(4, 5))
    assert.is_false(ok)
    assert.equal("shape", err.kind)
    assert.truthy(err.message:find("matmul: b must be [..., K, N] with K = 3 (from a), got [4, 5]",
      1, true), err.message)
  end)
end)

describe("wrong dims are refused by", function()
  for _, row in ipairs(examples.walk()) do
    for i, a in ipairs(row.args) do
      if a.kind == "dim" or a.kind == "dim+" or a.kind == "dims" then
        it(row.name .. " in " .. a.name, function()
          local args = first(row)
          local x = build.tensors_of(args)[1][1]
          local above = x:dim() + (a.kind == "dim+" and 2 or 1)
          for _, wrong in ipairs { 0, above, -above, 1.5, "1" } do
            local bad = first(row)
            bad[i] = a.kind == "dims" and { wrong } or wrong
            refused(row, bad, "argument", ("%s with %s = %s"):format(row.name, a.name,
              tostring(wrong)))
          end
          if a.kind == "dims" and x:dim() > 1 then
            local bad = first(row)
            bad[i] = { 1, 1 }
            refused(row, bad, "argument", row.name .. " with a dim named twice")
          end
        end)
      end
    end
  end
end)

describe("stored positions out of range are refused by", function()
  for _, row in ipairs(examples.walk()) do
    for i, a in ipairs(row.args) do
      if a.kind == "ids" then
        it(row.name .. " in " .. a.name, function()
          for _, wrong in ipairs { -1, 1000000 } do
            local args = build.arguments(examples.of(row)[1], "f32", "dense")
            args[i] = args[i]:clone()
            args[i]:reshape(-1):select(1, 1):fill_(wrong)
            refused(row, args, "argument", row.name .. " with the position " .. wrong)
          end
        end)
      end
    end
  end

  it("the in-place forms, which write nothing", function()
    local x = tnt.zeros(3, 2)
    local ids = tnt.i64 { 0, 3 }
    assert.is_false(pcall(x.index_add_, x, 1, ids, tnt.ones(2, 2)))
    assert.is_false(pcall(x.scatter_, x, 1, tnt.i64 { { 0, -1 } }, tnt.ones(1, 2)))
    assert.same({ { 0, 0 }, { 0, 0 }, { 0, 0 } }, x:totable())
  end)
end)

describe("what is no tensor is refused by", function()
  for _, row in ipairs(examples.walk()) do
    it(row.name, function()
      for i, a in ipairs(row.args) do
        if a.is_tensor then
          local values = { "x", true, {}, print }
          if not a.optional then values[#values + 1] = false end
          for _, wrong in ipairs(values) do
            if not (wrong == true and row.number) then
              local args = first(row)
              args[i] = wrong
              refused(row, args, "argument", ("%s with %s = %s"):format(row.name, a.name,
                tostring(wrong)))
            end
          end
        end
      end
    end)
  end

  it("methods called with a dot, saying so", function()
    local x = tnt.ones(2)
    local ok, err = pcall(function() return x.sum() end)
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.truthy(err.message:find("x:sum(", 1, true), err.message)
  end)

  it("an op given a released tensor: kind released", function()
    for _, row in ipairs(examples.walk()) do
      for i, a in ipairs(row.args) do
        if a.is_tensor then
          local args = first(row)
          local args_i = args[i]
          if args_i then
            local gone = args_i:clone()
            gone:free()
            args[i] = gone
            refused(row, args, "released")
          end
        end
      end
    end
  end)
end)

describe("a mask", function()
  it("must be bool", function()
    for _, row in ipairs(examples.walk()) do
      for i, a in ipairs(row.args) do
        if a.kind == "mask" then
          local args = first(row)
          args[i] = args[i]:to "f32"
          refused(row, args, "dtype")
        end
      end
    end
  end)
end)

describe("dtypes that differ", function()
  it("are refused by every op but elementwise ones, cat and places", function()
    for _, row in ipairs(examples.walk()) do
      if not row.elementwise and row.name ~= "cat" and #row.tensors > 1 then
        local args, at = first(row), nil
        for i = #row.args, 2, -1 do
          if row.args[i].kind == "tensor" and tnt.is_tensor(args[i]) then at = i break end
        end
        if at and row.args[1].kind == "tensor" then
          args[at] = args[at]:to "f64"
          refused(row, args, "dtype")
        end
      end
    end
  end)
end)
