-- What one operation costs: an add of one element in a scope (output and allocation included),
-- forward and backward of a chain of 150 such ops as a tree of modules, with the JIT and without.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local tnt = require "tnt"
local scope = require "tnt.scope"
tnt.set_num_threads(1)

local a, b = tnt.ones(1), tnt.ones(1)
local function adds(n)
  for _ = 1, n / 100 do
    local token = scope.open "scope"
    for _ = 1, 100 do local _ = a + b end
    scope.close(token)
  end
end
adds(1e5)
print(("add_1_element %.1f ns"):format(clock.time(4e5, 5, adds) * 1e9))

local nn = tnt.nn
local Leaf = nn.Module:extend "Leaf"
function Leaf:init() self.w = nn.Parameter(tnt.ones(1)) end
function Leaf:forward(x)
  for _ = 1, 5 do x = x + self.w end
  return x
end
local Branch = nn.Module:extend "Branch"
function Branch:init()
  self.kids = nn.ModuleList()
  for _ = 1, 6 do self.kids:append(Leaf()) end
end
function Branch:forward(x)
  for _, kid in ipairs(self.kids) do x = kid(x) end
  return x
end
local Tree = nn.Module:extend "Tree"
function Tree:init()
  self.branches = nn.ModuleList()
  for _ = 1, 5 do self.branches:append(Branch()) end
end
function Tree:forward(x)
  for _, branch in ipairs(self.branches) do x = branch(x) end
  return x
end
local tree = Tree()
local parameters = tree:parameters()
local function steps(n)
  for _ = 1, n do
    local token = scope.open "step"
    tree(a):backward()
    for i = 1, #parameters do parameters[i].grad = nil end
    scope.close(token)
  end
end
steps(300)
print(("tree_150_ops_forward_backward %.1f ns/op"):format(clock.time(300, 7, steps) / 150 * 1e9))
jit.off()
jit.flush()
steps(20)
print(("tree_150_ops_without_jit %.1f ns/op"):format(clock.time(100, 5, steps) / 150 * 1e9))
