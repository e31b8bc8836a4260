-- tnt.hooks: the hooks that come with the program; any table with functions named after events is
-- one, too. Classes are loaded when they are first named.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

---@class tnt.hooks
---@field Checkpoint tnt.hooks.Checkpoint
---@field CsvWriter tnt.hooks.CsvWriter
---@field DataWaitTime tnt.hooks.DataWaitTime
---@field EarlyStop tnt.hooks.EarlyStop
---@field EmptyCache tnt.hooks.EmptyCache
---@field EmptyLoader tnt.hooks.EmptyLoader
---@field FiniteCheck tnt.hooks.FiniteCheck
---@field GarbageCollector tnt.hooks.GarbageCollector
---@field IterationTimes tnt.hooks.IterationTimes
---@field LearningRate tnt.hooks.LearningRate
---@field MemorySnapshot tnt.hooks.MemorySnapshot
---@field ModuleSummary tnt.hooks.ModuleSummary
---@field ParameterHistograms tnt.hooks.ParameterHistograms
---@field PeriodicSync tnt.hooks.PeriodicSync
---@field Profiler tnt.hooks.Profiler
---@field ProgressBar tnt.hooks.ProgressBar
---@field ProgressReporter tnt.hooks.ProgressReporter
---@field SlowRank tnt.hooks.SlowRank
---@field SystemResources tnt.hooks.SystemResources
---@field Throughput tnt.hooks.Throughput
---@field TimeLimit tnt.hooks.TimeLimit
---@field TrainProgress tnt.hooks.TrainProgress
local hooks = {}

local modules = {
  Checkpoint = "checkpoint", CsvWriter = "csv_writer", DataWaitTime = "data_wait_time",
  EarlyStop = "early_stop", EmptyCache = "empty_cache", EmptyLoader = "empty_loader",
  FiniteCheck = "finite_check", GarbageCollector = "garbage_collector",
  IterationTimes = "iteration_times", LearningRate = "learning_rate",
  MemorySnapshot = "memory_snapshot",
  ModuleSummary = "module_summary", ParameterHistograms = "parameter_histograms",
  PeriodicSync = "periodic_sync", Profiler = "profiler", ProgressBar = "progress_bar",
  ProgressReporter = "progress_reporter", SlowRank = "slow_rank",
  SystemResources = "system_resources", Throughput = "throughput", TimeLimit = "time_limit",
  TrainProgress = "train_progress",
}

-- TorchTNT's and MMEngine's names, answered with ours.
local foreign = {
  BaseCSVWriter = "CsvWriter", BaseCheckpointer = "Checkpoint", CheckpointHook = "Checkpoint",
  DistributedCheckpointSaver = "Checkpoint", EarlyStopping = "EarlyStop",
  EarlyStoppingHook = "EarlyStop", EmptyCacheHook = "EmptyCache", EmptyCudaCache = "EmptyCache",
  EmptyDataloaderDetectorCallback = "EmptyLoader", IterTimerHook = "IterationTimes",
  IterationTimeLogger = "IterationTimes", LearningRateMonitor = "LearningRate",
  Callback = "tnt.Hook, or a plain table of functions,",
  Lambda = "nothing: a plain table of functions, {on_train_step_end = function ... end}, is a hook",
  PeriodicDistributedSync = "PeriodicSync", ProfilerHook = "Profiler", PyTorchProfiler = "Profiler",
  SlowRankDetector = "SlowRank", TrainProgressMonitor = "TrainProgress",
  SystemResourcesMonitor = "SystemResources", TQDMProgressBar = "ProgressBar",
  TensorBoardParameterMonitor = "ParameterHistograms", ThroughputLogger = "Throughput",
  TimeLimitInterrupter = "TimeLimit", TimeWaitForBatchLogger = "DataWaitTime",
  TorchSnapshotSaver = "Checkpoint",
}

return setmetatable(hooks, {
  modules = modules, -- by name: for whoever walks all hooks
  __index = function(_, name)
    local module = modules[name]
    if foreign[name] then
      errors.raise("argument", "tnt.hooks: the hook %s is called %s here", name, foreign[name])
    end
    if not module then errors.unknown("tnt.hooks", "hook", name, sorted.keys(modules)) end
    local Class = require("tnt.hooks." .. module)
    hooks[name] = Class
    return Class
  end,
})
