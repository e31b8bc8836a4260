-- Convolutions held to their definition, seven loops in Lua: results, gradients and second
-- gradients, for every option; conv_check.lua runs the same in another process, without the
-- libraries.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"

local cases = {}

-- N, C, O, groups, height, width, kernel, stride, padding, dilation
local list = {
  { 2, 3, 4, 1, 5, 7, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
  { 1, 1, 1, 1, 1, 1, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } }, -- one pixel
  { 3, 2, 5, 1, 1, 1, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
  { 2, 16, 24, 1, 9, 6, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } }, -- one product
  { 2, 8, 8, 1, 9, 6, { 1, 1 }, { 2, 3 }, { 0, 0 }, { 1, 1 } },
  { 1, 8, 8, 1, 5, 5, { 1, 1 }, { 1, 1 }, { 2, 1 }, { 1, 1 } }, -- a border of padding alone
  { 2, 16, 16, 1, 13, 11, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 } },
  { 1, 3, 8, 1, 17, 19, { 7, 7 }, { 2, 2 }, { 3, 3 }, { 1, 1 } },
  { 1, 4, 6, 1, 8, 9, { 2, 3 }, { 1, 2 }, { 0, 2 }, { 2, 1 } },
  { 2, 5, 3, 1, 7, 7, { 3, 3 }, { 3, 3 }, { 4, 4 }, { 1, 1 } }, -- more padding than window
  { 1, 8, 16, 1, 12, 12, { 3, 3 }, { 1, 1 }, { 2, 2 }, { 2, 2 } },
  { 1, 2, 2, 1, 10, 10, { 3, 2 }, { 2, 1 }, { 1, 0 }, { 3, 4 } },
  { 2, 4, 8, 2, 6, 7, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
  { 1, 16, 32, 2, 7, 6, { 3, 3 }, { 2, 1 }, { 1, 1 }, { 1, 1 } },
  { 2, 6, 9, 3, 5, 5, { 2, 2 }, { 1, 1 }, { 0, 0 }, { 1, 1 } },
  { 2, 7, 7, 7, 9, 37, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } }, -- depthwise, rows of odd width
  { 1, 3, 3, 3, 6, 70, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 } },
  { 2, 4, 4, 4, 11, 13, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 } },
  { 1, 3, 6, 3, 9, 21, { 3, 2 }, { 3, 2 }, { 2, 1 }, { 2, 3 } }, -- two outputs a channel
  { 1, 2, 2, 2, 5, 5, { 1, 1 }, { 1, 1 }, { 3, 3 }, { 1, 1 } }, -- the gradient is cut off
  { 1, 2, 4, 2, 4, 4, { 4, 4 }, { 1, 1 }, { 0, 0 }, { 1, 1 } },
  { 2, 1, 6, 1, 12, 10, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 } }, -- one channel
  { 2, 1, 20, 1, 9, 9, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
  { 4, 64, 64, 1, 8, 8, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 } },
}
cases.list = list

function cases.name(c)
  local function pair(p) return p[1] .. "," .. p[2] end
  return ("N%d C%d O%d groups %d, %dx%d, kernel %s stride %s padding %s dilation %s"):format(c[1],
    c[2], c[3], c[4], c[5], c[6], pair(c[7]), pair(c[8]), pair(c[9]), pair(c[10]))
end

function cases.sizes(c)
  local function out(size, d)
    return math.floor((size + 2 * c[9][d] - c[10][d] * (c[7][d] - 1) - 1) / c[8][d]) + 1
  end
  return { c[1], c[2], c[5], c[6] }, { c[3], c[2] / c[4], c[7][1], c[7][2] },
    { c[1], c[3], out(c[5], 1), out(c[6], 2) }
end

-- The definition: visits every place in y, x and w (from 1, row-major) that meet in a product.
local function meet(c, visit)
  local xs, ws, ys = cases.sizes(c)
  local per, each = ws[2], c[3] / c[4]
  for n = 0, xs[1] - 1 do
    for o = 0, ws[1] - 1 do
      for p = 0, ys[3] - 1 do
        for q = 0, ys[4] - 1 do
          local y = ((n * ys[2] + o) * ys[3] + p) * ys[4] + q + 1
          for d = 0, per - 1 do
            local channel = math.floor(o / each) * per + d
            for i = 0, ws[3] - 1 do
              local row = p * c[8][1] + i * c[10][1] - c[9][1]
              for j = 0, ws[4] - 1 do
                local column = q * c[8][2] + j * c[10][2] - c[9][2]
                if row >= 0 and row < xs[3] and column >= 0 and column < xs[4] then
                  visit(y, ((n * xs[2] + channel) * xs[3] + row) * xs[4] + column + 1,
                    ((o * per + d) * ws[3] + i) * ws[4] + j + 1)
                end
              end
            end
          end
        end
      end
    end
  end
end

local function numbers(t) return t:double():flatten():totable() end

local function reference(c, x, w, b, dy, u, v)
  local xs, ws, ys = cases.sizes(c)
  local function zeros(shape)
    local list_of = {}
    for i = 1, shape[1] * (shape[2] or 1) * (shape[3] or 1) * (shape[4] or 1) do list_of[i] = 0 end
    return list_of
  end
  local r = { y = zeros(ys), x = zeros(xs), w = zeros(ws), b = zeros { c[3] },
    second_x = zeros(xs), second_w = zeros(ws), second_dy = zeros(ys) }
  x, w, b, dy, u, v = numbers(x), numbers(w), numbers(b), numbers(dy), numbers(u), numbers(v)
  local plane = ys[3] * ys[4]
  for i = 1, #r.y do
    local o = math.floor((i - 1) / plane) % c[3] + 1
    r.y[i] = b[o]
    r.b[o] = r.b[o] + dy[i]
  end
  meet(c, function(i, j, k)
    r.y[i] = r.y[i] + x[j] * w[k]
    r.x[j] = r.x[j] + dy[i] * w[k]
    r.w[k] = r.w[k] + dy[i] * x[j]
    -- of sum(u dx) + sum(v dw) = sum over what meets of dy (u w + x v)
    r.second_x[j] = r.second_x[j] + dy[i] * v[k]
    r.second_w[k] = r.second_w[k] + dy[i] * u[j]
    r.second_dy[i] = r.second_dy[i] + u[j] * w[k] + x[j] * v[k]
  end)
  return r
end

-- The same by the ops.
local function computed(c, dtype, x, w, b, dy, u, v)
  local function leaf(t)
    t = t:to(dtype):clone()
    t.requires_grad = true
    return t
  end
  x, w, b, dy = leaf(x), leaf(w), leaf(b), leaf(dy)
  local y = ops.conv2d(x, w, b, c[8], c[9], c[10], c[4])
  local g = tnt.grad({ y }, { x, w, b }, { grad_outputs = { dy }, create_graph = true })
  local s = (g[1] * u:to(dtype)):sum() + (g[2] * v:to(dtype)):sum()
  local second = tnt.grad({ s }, { x, w, dy })
  return { y = y:detach(), x = g[1]:detach(), w = g[2]:detach(), b = g[3]:detach(),
    second_x = second[1], second_w = second[2], second_dy = second[3] }
end

local PARTS = { "y", "x", "w", "b", "second_x", "second_w", "second_dy" }

--- What is wrong: a list of texts. Tolerance: 32 roundings of the largest value.
function cases.wrong()
  local found, checked = {}, 0
  tnt.seed(11)
  for _, c in ipairs(list) do
    local xs, ws, ys = cases.sizes(c)
    local function some(shape) return tnt.randn(shape, { dtype = "f32" }):double() end
    local x, w, b, dy, u, v = some(xs), some(ws), some { c[3] }, some(ys), some(xs), some(ws)
    local want = reference(c, x, w, b, dy, u, v)
    for _, dtype in ipairs { "f32", "f64" } do
      local got = computed(c, dtype, x, w, b, dy, u, v)
      local precision = dtype == "f32" and 2 ^ -23 or 2 ^ -52
      for _, part in ipairs(PARTS) do
        local values, most = numbers(got[part]), 1
        for i = 1, #want[part] do most = math.max(most, math.abs(want[part][i])) end
        if #values ~= #want[part] then
          found[#found + 1] = ("%s %s: %s has %d values"):format(cases.name(c), dtype, part,
            #values)
        end
        for i = 1, #want[part] do
          checked = checked + 1
          local off = math.abs(values[i] - want[part][i])
          local near = off <= 32 * precision * most -- false for NaN
          if not near then
            found[#found + 1] = ("%s %s: %s element %d is %.9g, not %.9g"):format(cases.name(c),
              dtype, part, i, values[i], want[part][i])
            break
          end
        end
      end
    end
  end
  return found, checked
end

--- Whether a library is in this process.
function cases.mapped(name)
  for line in io.lines "/proc/self/maps" do
    if line:find(name, 1, true) then return true end
  end
  return false
end

return cases
