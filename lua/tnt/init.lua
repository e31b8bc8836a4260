-- The `tnt` table. Names are loaded when they are first used, so that `require "tnt"` costs
-- nothing.

---@class tnt
local tnt = { version = "0.1.0" }

-- name -> module, or {module, field}
local places = {
  -- parts of the library
  nn = "tnt.nn", optim = "tnt.optim", data = "tnt.data", metrics = "tnt.metrics",
  hooks = "tnt.hooks", log = "tnt.log", checkpoint = "tnt.checkpoint", dist = "tnt.dist",
  cuda = "tnt.cuda", testing = "tnt.testing",
  -- loops
  train = "tnt.train", evaluate = "tnt.evaluate", predict = "tnt.predict", fit = "tnt.fit",
  Unit = { "tnt.unit", "Unit" }, TrainUnit = { "tnt.unit", "TrainUnit" },
  EvalUnit = { "tnt.unit", "EvalUnit" }, PredictUnit = { "tnt.unit", "PredictUnit" },
  AutoUnit = "tnt.auto_unit", AutoPredictUnit = "tnt.auto_predict_unit",
  Hook = { "tnt.hook", "Hook" }, event = { "tnt.hook", "event" },
  current = { "tnt.state", "current" }, find_lr = "tnt.find_lr",
  -- tensors: see below for what makes them
  is_tensor = { "tnt.tensor", "is_tensor" }, einsum = { "tnt.tensor.composed", "einsum" },
  cat = { "tnt.tensor.shape", "cat" }, stack = { "tnt.tensor.shape", "stack" },
  where = { "tnt.tensor.shape", "where" },
  save = { "tnt.files", "save" }, load = { "tnt.files", "load" },
  scope = { "tnt.scope", "run" }, steps = { "tnt.scope", "steps" }, keep = { "tnt.scope", "keep" },
  autocast = { "tnt.autocast", "run" }, Graph = "tnt.graph",
  no_grad = { "tnt.grad_mode", "no_grad" }, enable_grad = { "tnt.grad_mode", "enable_grad" },
  grad = { "tnt.autograd", "grad" }, Function = { "tnt.autograd", "Function" },
  seed = { "tnt.random", "seed" }, precision = "tnt.precision",
  set_num_threads = { "tnt.settings", "set_num_threads" },
  num_threads = { "tnt.settings", "num_threads" },
  use_deterministic = { "tnt.settings", "use_deterministic" },
  deterministic = { "tnt.settings", "deterministic" },
  -- measuring
  Timer = "tnt.timer", PeriodicTimer = "tnt.timer.periodic",
  log_elapsed_time = "tnt.timer.elapsed", estimate = "tnt.estimate", Bar = "tnt.bar",
  profile = { "tnt.profile", "run" }, profile_part = { "tnt.profile", "part" },
  flops = { "tnt.flops", "count" }, detect_anomaly = { "tnt.anomaly", "detect_anomaly" },
  check_finite = { "tnt.anomaly", "check_finite" }, memory = "tnt.memory",
  memory_snapshot = { "tnt.memory.snapshot", "run" }, tensor_bytes = { "tnt.memory.size", "total" },
  measure_rss_deltas = "tnt.memory.rss", system = "tnt.system", env = "tnt.env",
  -- the rest
  args = "tnt.args", class = "tnt.class", errors = "tnt.errors",
  is_out_of_memory = { "tnt.errors", "is_out_of_memory" }, sorted = "tnt.sorted",
  EarlyStopChecker = "tnt.early_stop_checker", events = "tnt.events", help = "tnt.help",
}
for name in
  ("tensor empty zeros ones rand randn full eye arange linspace randint randperm "
    .. "empty_like zeros_like ones_like rand_like randn_like full_like f32 f64 f16 bf16 i64 i32 u8 "
    .. "bool set_default_dtype get_default_dtype result_type"):gmatch "%S+"
do
  places[name] = { "tnt.tensor.make", name }
end
tnt.places = places -- for completion at the prompt

--- `pairs` in sorted key order, as configs and state dicts are treated everywhere.
---@param t table
---@return function, table
function tnt.pairs(t) return require "tnt.sorted"(t) end

return setmetatable(tnt, {
  __index = function(self, name)
    local place = places[name]
    if not place then
      local errors = require "tnt.errors"
      local names = {}
      for known in pairs(places) do names[#names + 1] = known end -- order: free, sorted below
      table.sort(names)
      local near = type(name) == "string" and errors.nearest(name, names)
      errors.raise("argument", "tnt has no '%s'%s", tostring(name),
        near and ("; did you mean '%s'?"):format(near) or "")
    end
    local value
    if type(place) == "table" then
      if place[1]:match "^tnt%.tensor%." or place[1] == "tnt.autograd" then require "tnt.tensor" end
      value = require(place[1])[place[2]]
    else
      value = require(place)
    end
    self[name] = value
    return value
  end,
})
