-- Names of checkpoints: epoch_E[_train_step_T][_eval_step_V][_predict_step_P][_<metric>=<value>],
-- and ..N behind it where the name was taken. The names are the index of a folder: both orders, by
-- recency and by a metric, are told from them. Source: TorchTNT's checkpoint utilities.

local number = require "tnt.log.number"

local name = {}

---@class tnt.checkpoint.Name
---@field text string
---@field epoch integer
---@field train integer|nil    steps
---@field eval integer|nil
---@field predict integer|nil
---@field naive integer|nil    steps of a name of the older form, epoch_E_step_S
---@field metric string|nil
---@field value number|nil
---@field copy integer         N of .N, 0 without

local function count(text) return text and tonumber(text) end

--- Whether a number can stand in a name.
---@param value any
---@return boolean
function name.is_metric(value) return type(value) == "number" and value - value == 0 end

--- A metric's full name as it stands in names: "eval/loss" as eval_loss.
---@param metric string
---@return string
function name.metric_part(metric) return (metric:gsub("[^%w_]", "_")) end

--- The name of a checkpoint.
---@param counts {epoch: integer, train: integer|nil, eval: integer|nil, predict: integer|nil}
---@param metric string|nil  a full name: "eval/loss" stands as eval_loss
---@param value number|nil   finite
---@return string
function name.make(counts, metric, value)
  local text = ("epoch_%d"):format(counts.epoch)
  if counts.train then text = text .. ("_train_step_%d"):format(counts.train) end
  if counts.eval then text = text .. ("_eval_step_%d"):format(counts.eval) end
  if counts.predict then text = text .. ("_predict_step_%d"):format(counts.predict) end
  if metric and name.is_metric(value) then
    text = ("%s_%s=%s"):format(text, name.metric_part(metric), number.exact(value))
  end
  return text
end

-- Takes "_<word>_<digits>" off the front.
local function take(rest, word)
  local digits, behind = rest:match("^_" .. word .. "_(%d+)(.*)$")
  if not digits then return nil, rest end
  if behind ~= "" and not behind:match "^_" then return nil, rest end
  return count(digits), behind
end

local function take_metric(rest)
  local metric, text = rest:match "^_([%w_]+)=(%-?%d+%.?%d*)$"
  if not metric then metric, text = rest:match "^_([%w_]+)=(%-?%d+%.?%d*[eE][+-]?%d+)$" end
  return metric, text and tonumber(text)
end

--- Reads a name (or a path that ends in one); nil when it is none.
---@param path string
---@return tnt.checkpoint.Name|nil
function name.parse(path)
  local text = path:gsub("/+$", ""):match "[^/]*$"
  -- In "..._loss=0.25" the last part belongs to the value, so a copy is told by "..".
  local stem, copy = text:match "^(.*)%.%.(%d+)$"
  stem = stem or text
  local epoch, rest = stem:match "^epoch_(%d+)(.*)$"
  if not epoch then return nil end
  local parsed = { text = text, epoch = count(epoch), copy = count(copy) or 0 }
  parsed.naive, rest = take(rest, "step")
  if not parsed.naive then
    parsed.train, rest = take(rest, "train_step")
    parsed.eval, rest = take(rest, "eval_step")
    parsed.predict, rest = take(rest, "predict_step")
    if not (parsed.train or parsed.eval or parsed.predict) then return nil end
  end
  if rest ~= "" then
    parsed.metric, parsed.value = take_metric(rest)
    if not parsed.metric then return nil end
  end
  return parsed
end

local function steps_of(a)
  return a.naive or (a.train or 0) + (a.eval or 0) + (a.predict or 0)
end

--- Whether a is newer than b.
---@param a tnt.checkpoint.Name
---@param b tnt.checkpoint.Name
---@return boolean
function name.newer(a, b)
  if a.epoch ~= b.epoch then return a.epoch > b.epoch end
  if (a.naive == nil) ~= (b.naive == nil) then
    local steps_a, steps_b = steps_of(a), steps_of(b)
    if steps_a ~= steps_b then return steps_a > steps_b end
    return a.naive == nil
  elseif a.naive then
    if a.naive ~= b.naive then return a.naive > b.naive end
  else
    if (a.eval == nil) ~= (b.eval == nil) then return a.eval ~= nil end
    for _, field in ipairs { "predict", "eval", "train" } do
      local steps_a, steps_b = a[field] or 0, b[field] or 0
      if steps_a ~= steps_b then return steps_a > steps_b end
    end
  end
  if a.copy ~= b.copy then return a.copy > b.copy end
  return a.text > b.text
end

--- Whether a ranks before b: one with a metric before one without, else by its value, else the
--- newer one. Of equal values the newer one is better under "max", the older one under "min".
---@param a tnt.checkpoint.Name
---@param b tnt.checkpoint.Name
---@param mode string  "min" or "max"
---@return boolean
function name.better(a, b, mode)
  if (a.value == nil) ~= (b.value == nil) then return a.value ~= nil end
  if a.value == nil then return name.newer(a, b) end
  if a.value ~= b.value then
    if mode == "min" then return a.value < b.value end
    return a.value > b.value
  end
  if mode == "min" then return name.newer(b, a) end
  return name.newer(a, b)
end

return name
