-- Gradients of parts of one tensor meet in one buffer (core/parts.c): against the rule that lays
-- each into zeros, which backward still follows under create_graph, and what they take of memory.
local balance = require "spec.balance"
local build = require "spec.ops.build"
local tnt = require "tnt"
local both = require "spec.cuda.both"

-- What is taken of x [4, 6, 5], as a list.
local cases = {
  ["a chunk in each of three"] = function(x) return x:chunk(3, 2) end,
  ["chunks out of order, one twice"] = function(x)
    local a, b, c = x:chunk(3, 2)
    return c, a, b * 2, a:square()
  end,
  ["slices with gaps"] = function(x) return x:narrow(1, 2, 1), x:narrow(1, 4, 1) end,
  ["slices that overlap"] = function(x) return x:narrow(3, 1, 3), x:narrow(3, 3, 3) end,
  ["one slice"] = function(x) return x:select(2, 3) end,
  ["each slice"] = function(x)
    local list = {}
    for i = 1, 6 do list[i] = x:select(2, i) * i end
    return unpack(list)
  end,
  ["slices and a run of them"] = function(x)
    return x:select(2, 1), x:slice(2, 2, 4), x:slice(2, 5, 6, 1)
  end,
  ["every second slice"] = function(x) return x:slice(2, 1, 6, 2), x:narrow(2, 2, 1) end,
  ["parts along two dims"] = function(x) return x:narrow(1, 1, 2), x:narrow(3, 2, 2) end,
  ["parts of parts"] = function(x)
    local a, b = x:chunk(2, 2)
    return a:select(2, 3), b:narrow(1, 2, 2), b:narrow(1, 1, 1), a:narrow(3, 1, 1)
  end,
  ["a part and the whole"] = function(x) return x:narrow(2, 2, 3), x * 3, x:narrow(2, 1, 1) end,
  ["the whole and parts"] = function(x) return x:exp(), x:select(1, 1), x:select(1, 2) end,
  ["no slices"] = function(x) return x:narrow(2, 1, 0), x:narrow(2, 2, 2) end,
  ["parts that lie together in memory"] = function(x)
    local a, b = x:chunk(2, 2)
    return tnt.cat({ a, b }, 2)
  end,
  ["such parts, one left out"] = function(x)
    local a, b, c = x:chunk(3, 2)
    return tnt.cat({ a, b:detach(), c }, 2)
  end,
  ["such parts, and more"] = function(x)
    local a, b, c = x:chunk(3, 2)
    return tnt.cat({ a, b, c }, 2), c:exp()
  end,
  ["parts of a turned tensor"] = function(x)
    local a, b = x:transpose(1, 3):chunk(2, 2)
    return a, b:square()
  end,
}

local function gradient(take, v, options)
  local x = v:detach():requires_grad_()
  local h, loss = x * 1, 0
  for i, y in ipairs { take(h) } do loss = loss + (y * y * i):sum() end
  return tnt.grad({ loss }, { h, x }, options)
end

for _, device in ipairs { "cpu", "cuda" } do
  if device == "cpu" or both.available "gradients of parts" then
    describe("gradients of parts on " .. device .. (device == "cuda" and " #cuda" or ""), function()
      balance.file(setup, teardown)

      for name, take in require("tnt.sorted")(cases) do
        it("of " .. name, function()
          for _, dtype in ipairs { "f32", "f64", "bf16" } do
            tnt.seed(1)
            local v = tnt.randn(4, 6, 5):to(dtype):to(device)
            local want = gradient(take, v, { create_graph = true })
            local got = gradient(take, v)
            for i = 1, 2 do
              local eps = dtype == "bf16" and 2 ^ -6 or 1e-6
              local found = build.difference(build.flat(got[i]), build.flat(want[i]:detach()), eps,
                eps)
              assert.is_nil(found, found)
            end
          end
        end)
      end

      it("reach .grad, and add up there", function()
        local x = tnt.ones({ 2, 6 }, { device = device }):requires_grad_()
        for turn = 1, 2 do
          local a, _, c = x:chunk(3, 2);
          (a * 2 + c:select(2, 1):unsqueeze(2)):sum():backward()
          assert.same({ 2 * turn, 2 * turn, 0, 0, 2 * turn, 0 }, x.grad:select(1, 2):totable())
        end
      end)

      it("leave what is shared as it was", function()
        local x = tnt.ones({ 2, 4 }, { device = device }):requires_grad_()
        local a, b = x:chunk(2, 2)
        local y = tnt.cat({ a, b }, 2)
        local dy = tnt.arange(8, { device = device }):float():view(2, 4)
        local g = tnt.grad({ y }, { x }, { grad_outputs = { dy }, retain_graph = true })
        assert.same({ { 0, 1, 2, 3 }, { 4, 5, 6, 7 } }, g[1]:totable())
        local z = y + x:narrow(2, 1, 1) -- adds to what was lent
        g = tnt.grad({ z }, { x }, { grad_outputs = { dy } })
        assert.same({ { 6, 1, 2, 3 }, { 26, 5, 6, 7 } }, g[1]:totable())
        assert.same({ { 0, 1, 2, 3 }, { 4, 5, 6, 7 } }, dy:totable())
      end)
    end)
  end
end

if not both.available "the memory that gradients of parts take" then return end

describe("gradients of heads that one product made #cuda", function()
  it("are the product's own, without a copy", function()
    local N, T, H, K = 2, 128, 4, 32
    local x = tnt.randn(N, T, 3 * H * K):to("cuda"):requires_grad_()
    local function heads(t) return t:view(N, T, H, K):transpose(2, 3) end
    local function loss_of(v)
      local q, k, u = v:chunk(3, -1)
      local y = tnt.nn.functional.scaled_dot_product_attention(heads(q), heads(k), heads(u),
        { is_causal = true })
      return y:transpose(2, 3):view(N, T, H * K) -- a view, as the heads lie
    end
    local dy = tnt.randn(N, T, H * K):to "cuda"
    local y = loss_of(x)
    tnt.cuda.synchronize()
    tnt.cuda.reset_peak_memory()
    local before = tnt.cuda.memory().live
    local g = tnt.grad({ y }, { x }, { grad_outputs = { dy } })
    local grown = tnt.cuda.memory().peak - before
    local share = grown / x:numel()
    assert.is_true(share >= 4 and share < 5, ("%g bytes an element"):format(share))
    -- the same of heads that lie by themselves
    local parts = { x:detach():chunk(3, -1) }
    for i = 1, 3 do parts[i] = heads(parts[i]):contiguous():requires_grad_() end
    local z = tnt.nn.functional.scaled_dot_product_attention(parts[1], parts[2], parts[3],
      { is_causal = true })
    local each = tnt.grad({ z }, parts, { grad_outputs = { heads(dy) } })
    for i, part in ipairs { g[1]:chunk(3, -1) } do
      assert.is_true(build.same_bits(each[i]:contiguous():to "cpu",
        heads(part):contiguous():to "cpu"), "part " .. i)
    end
  end)
end)
