-- A unit whose steps do nothing, and batches for it: TorchTNT's half is Plain in
-- scripts/parity/torchtnt_runs.py.

local tnt = require "tnt"

local plain = {}

local Plain = tnt.Unit:extend "Plain"
function Plain.train_step() end
function Plain.eval_step() end

plain.Unit = Plain

--- n batches.
---@param n integer
---@return integer[]
function plain.batches(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

return plain
