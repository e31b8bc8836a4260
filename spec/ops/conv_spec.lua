-- Convolutions: by oneDNN, by our own loops on every instruction set, and in both precisions they
-- are what the definition says, gradients and second gradients included.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local cases = require "spec.ops.conv_cases"

local function has_plugin()
  local path = package.searchpath("tnt.libtnt_dnnl", package.cpath)
  return path ~= nil and os.getenv "TNT_DNNL" ~= "none"
end

-- What conv_check.lua prints under these settings.
local function in_process(settings)
  local lua = arg and arg[-1] or "luajit"
  local pipe = assert(io.popen(("%s '%s' spec/ops/conv_check.lua 2>&1"):format(settings, lua)))
  local said, wrong, text = {}, {}, {}
  for line in pipe:lines() do
    local name, value = line:match "^(.-)\t(.*)$"
    if name == "wrong" then wrong[#wrong + 1] = value
    elseif name then said[name] = value end
    text[#text + 1] = line
  end
  pipe:close()
  return said, wrong, table.concat(text, "\n")
end

describe("convolution", function()
  local threads = tnt.num_threads()
  teardown(function() tnt.set_num_threads(threads) end)

  it("is its definition, with gradients and second gradients", function()
    local wrong, checked = cases.wrong()
    assert.same({}, wrong)
    assert.is_true(checked > 10000)
    if has_plugin() then assert.is_true(cases.mapped "libdnnl", "oneDNN was not used") end
  end)

  it("is the same with several threads", function()
    tnt.set_num_threads(2)
    assert.same({}, (cases.wrong()))
    tnt.set_num_threads(threads)
  end)

  for _, isa in ipairs { "base", "avx2" } do
    it("is its definition without the libraries, with kernels for " .. isa, function()
      local said, wrong, text = in_process("TNT_DNNL=none TNT_BLAS=none TNT_ISA=" .. isa)
      assert.same({}, wrong)
      assert.truthy(said.checked and tonumber(said.checked) > 10000, text)
      assert.equal("false", said["dnnl after"])
      assert.equal("false", said["blas after"])
      if isa == "base" then assert.equal("base", said.isa) end
    end)
  end

  it("opens the library at the first call, not before", function()
    local said, wrong, text = in_process ""
    assert.same({}, wrong)
    assert.equal("false", said["dnnl before"], text)
    assert.equal(tostring(has_plugin()), said["dnnl after"], text)
  end)

  -- One shape for each way: blocked and plain oneDNN, depthwise in both strides, one channel.
  local ways = {
    { 4, 16, 16, 1, 16, 16, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
    { 4, 32, 32, 1, 16, 16, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } },
    { 4, 16, 16, 16, 24, 24, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
    { 4, 16, 16, 16, 24, 24, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 } },
    { 4, 1, 16, 1, 24, 24, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
  }
  local function results(c, x, w, dy)
    local xs, ws = cases.sizes(c)
    return { ops.conv2d(x, w, nil, c[8], c[9], c[10], c[4]),
      ops.conv2d_dx(dy, w, xs, c[8], c[9], c[10], c[4]),
      ops.conv2d_dw(dy, x, ws, c[8], c[9], c[10], c[4]) }
  end

  it("gives the same bits again, wherever its operands lie in memory", function()
    for _, n in ipairs { 1, 2 } do
      tnt.set_num_threads(n)
      for _, c in ipairs(ways) do
        local xs, ws, ys = cases.sizes(c)
        local x, w, dy = tnt.randn(xs), tnt.randn(ws), tnt.randn(ys)
        local first = results(c, x, w, dy)
        local function shifted(t, by) -- a dense view that begins `by` elements into its memory
          local room = tnt.zeros(t:numel() + by)
          local part = room:narrow(1, 1 + by, t:numel()):view(t.shape)
          part:copy_(t)
          return part
        end
        for by = 0, 3 do
          local again = results(c, shifted(x, by), shifted(w, by), shifted(dy, by))
          for k = 1, 3 do
            assert.is_true(build.same_bits(first[k], again[k]),
              ("%s, result %d, %d threads, %d elements off"):format(cases.name(c), k, n, by))
          end
        end
      end
    end
    tnt.set_num_threads(threads)
  end)

  it("asks the system for no memory once a shape was seen", function()
    for _, c in ipairs(ways) do
      local xs, ws, ys = cases.sizes(c)
      local x, w, dy = tnt.randn(xs), tnt.randn(ws), tnt.randn(ys)
      local function turn()
        for _, t in ipairs(results(c, x, w, dy)) do t:free() end
      end
      turn()
      local before, live = tnt.memory().system_allocations, tnt.memory().live_bytes
      for _ = 1, 5 do turn() end
      if os.getenv "TNT_BUILD" ~= "build-san" then -- there freed blocks really go
        assert.equal(before, tnt.memory().system_allocations, cases.name(c))
      end
      assert.equal(live, tnt.memory().live_bytes, cases.name(c))
    end
  end)

  it("forgets the shapes it met longest ago and goes on", function()
    local w = tnt.randn(4, 4, 3, 3) -- more widths than primitives are kept
    local first = ops.conv2d(tnt.ones(1, 4, 3, 10), w, nil, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1)
    for width = 3, 540 do
      ops.conv2d(tnt.ones(1, 4, 3, width), w, nil, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1)
    end
    local again = ops.conv2d(tnt.ones(1, 4, 3, 10), w, nil, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1)
    assert.is_true(build.same_bits(first, again))
  end)

  it("of no images is no images, and its weight's gradient 0", function()
    for _, dtype in ipairs { "f32", "f64" } do
      for _, groups in ipairs { 1, 2 } do
        local x = tnt.zeros(0, 2, 5, 5, { dtype = dtype, requires_grad = true })
        local w = tnt.ones(4, 2 / groups, 3, 3, { dtype = dtype, requires_grad = true })
        local b = tnt.ones(4, { dtype = dtype, requires_grad = true })
        local y = ops.conv2d(x, w, b, { 1, 1 }, { 1, 1 }, { 1, 1 }, groups)
        assert.same({ 0, 4, 5, 5 }, y.shape)
        y:sum():backward()
        assert.same({ 0, 2, 5, 5 }, x.grad.shape)
        assert.equal(0, w.grad:abs():sum():item())
        assert.same({ 0, 0, 0, 0 }, b.grad:totable())
      end
    end
  end)

  it("keeps what is not a number in its window and nowhere else", function()
    for _, c in ipairs(ways) do
      local xs, ws, ys = cases.sizes(c)
      local x, w = tnt.ones(xs), tnt.ones(ws)
      local bad = x[{ 1, 1, 1, 1 }]
      bad:fill_(0 / 0)
      local y = ops.conv2d(x, w, nil, c[8], c[9], c[10], c[4])
      local clean = ops.conv2d(tnt.ones(xs), w, nil, c[8], c[9], c[10], c[4])
      local touched = y:narrow(1, 1, 1):isnan():sum():item()
      local rows = math.floor(c[9][1] / c[8][1]) + 1 -- windows that hold the first row, or column
      assert.equal(c[3] / c[4] * rows * rows, touched, cases.name(c))
      assert.is_true(build.same_bits(y:narrow(1, 2, ys[1] - 1), clean:narrow(1, 2, ys[1] - 1)))
    end
  end)
end)
