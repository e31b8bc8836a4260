---@meta
-- Generated from lua/tnt/init.lua, lua/tnt/nn and lua/tnt/optim/schedule by scripts/gen: do
-- not edit. Nothing requires it: editors read it.

---@class tnt
local tnt = {}

tnt.AutoPredictUnit = require "tnt.auto_predict_unit"
tnt.AutoUnit = require "tnt.auto_unit"
tnt.Bar = require "tnt.bar"
tnt.EarlyStopChecker = require "tnt.early_stop_checker"
tnt.EvalUnit = require("tnt.unit").EvalUnit
tnt.Function = require("tnt.autograd").Function
tnt.Graph = require "tnt.graph"
tnt.Hook = require("tnt.hook").Hook
tnt.PeriodicTimer = require "tnt.timer.periodic"
tnt.PredictUnit = require("tnt.unit").PredictUnit
tnt.Timer = require "tnt.timer"
tnt.TrainUnit = require("tnt.unit").TrainUnit
tnt.Unit = require("tnt.unit").Unit
tnt.arange = require("tnt.tensor.make").arange
tnt.args = require "tnt.args"
tnt.autocast = require("tnt.autocast").run
tnt.bf16 = require("tnt.tensor.make").bf16
tnt.bool = require("tnt.tensor.make").bool
tnt.cat = require("tnt.tensor.shape").cat
tnt.check_finite = require("tnt.anomaly").check_finite
tnt.checkpoint = require "tnt.checkpoint"
tnt.class = require "tnt.class"
tnt.cuda = require "tnt.cuda"
tnt.current = require("tnt.state").current
tnt.data = require "tnt.data"
tnt.detect_anomaly = require("tnt.anomaly").detect_anomaly
tnt.deterministic = require("tnt.settings").deterministic
tnt.dist = require "tnt.dist"
tnt.einsum = require("tnt.tensor.composed").einsum
tnt.empty = require("tnt.tensor.make").empty
tnt.empty_like = require("tnt.tensor.make").empty_like
tnt.enable_grad = require("tnt.grad_mode").enable_grad
tnt.env = require "tnt.env"
tnt.errors = require "tnt.errors"
tnt.estimate = require "tnt.estimate"
tnt.evaluate = require "tnt.evaluate"
tnt.event = require("tnt.hook").event
tnt.events = require "tnt.events"
tnt.eye = require("tnt.tensor.make").eye
tnt.f16 = require("tnt.tensor.make").f16
tnt.f32 = require("tnt.tensor.make").f32
tnt.f64 = require("tnt.tensor.make").f64
tnt.find_lr = require "tnt.find_lr"
tnt.fit = require "tnt.fit"
tnt.flops = require("tnt.flops").count
tnt.full = require("tnt.tensor.make").full
tnt.full_like = require("tnt.tensor.make").full_like
tnt.get_default_dtype = require("tnt.tensor.make").get_default_dtype
tnt.grad = require("tnt.autograd").grad
tnt.help = require "tnt.help"
tnt.hooks = require "tnt.hooks"
tnt.i32 = require("tnt.tensor.make").i32
tnt.i64 = require("tnt.tensor.make").i64
tnt.is_out_of_memory = require("tnt.errors").is_out_of_memory
tnt.is_tensor = require("tnt.tensor").is_tensor
tnt.keep = require("tnt.scope").keep
tnt.linspace = require("tnt.tensor.make").linspace
tnt.load = require("tnt.files").load
tnt.log = require "tnt.log"
tnt.log_elapsed_time = require "tnt.timer.elapsed"
tnt.measure_rss_deltas = require "tnt.memory.rss"
tnt.memory = require "tnt.memory"
tnt.memory_snapshot = require("tnt.memory.snapshot").run
tnt.metrics = require "tnt.metrics"
tnt.nn = require "tnt.nn"
tnt.no_grad = require("tnt.grad_mode").no_grad
tnt.num_threads = require("tnt.settings").num_threads
tnt.ones = require("tnt.tensor.make").ones
tnt.ones_like = require("tnt.tensor.make").ones_like
tnt.optim = require "tnt.optim"
tnt.precision = require "tnt.precision"
tnt.predict = require "tnt.predict"
tnt.profile = require("tnt.profile").run
tnt.profile_part = require("tnt.profile").part
tnt.rand = require("tnt.tensor.make").rand
tnt.rand_like = require("tnt.tensor.make").rand_like
tnt.randint = require("tnt.tensor.make").randint
tnt.randn = require("tnt.tensor.make").randn
tnt.randn_like = require("tnt.tensor.make").randn_like
tnt.randperm = require("tnt.tensor.make").randperm
tnt.result_type = require("tnt.tensor.make").result_type
tnt.save = require("tnt.files").save
tnt.scope = require("tnt.scope").run
tnt.seed = require("tnt.random").seed
tnt.set_default_dtype = require("tnt.tensor.make").set_default_dtype
tnt.set_num_threads = require("tnt.settings").set_num_threads
tnt.sorted = require "tnt.sorted"
tnt.stack = require("tnt.tensor.shape").stack
tnt.steps = require("tnt.scope").steps
tnt.system = require "tnt.system"
tnt.tensor = require("tnt.tensor.make").tensor
tnt.tensor_bytes = require("tnt.memory.size").total
tnt.testing = require "tnt.testing"
tnt.train = require "tnt.train"
tnt.u8 = require("tnt.tensor.make").u8
tnt.use_deterministic = require("tnt.settings").use_deterministic
tnt.where = require("tnt.tensor.shape").where
tnt.zeros = require("tnt.tensor.make").zeros
tnt.zeros_like = require("tnt.tensor.make").zeros_like

---@class tnt.optim.schedule
---@field Constant tnt.optim.schedule.Constant
---@field Linear tnt.optim.schedule.Linear
---@field Step tnt.optim.schedule.Step
---@field MultiStep tnt.optim.schedule.MultiStep
---@field Exponential tnt.optim.schedule.Exponential
---@field Cosine tnt.optim.schedule.Cosine
---@field Polynomial tnt.optim.schedule.Polynomial
---@field Lambda tnt.optim.schedule.Lambda
---@field OneCycle tnt.optim.schedule.OneCycle

---@class tnt.nn
---@field Sequential tnt.nn.Sequential
---@field ModuleList tnt.nn.ModuleList
---@field ModuleDict tnt.nn.ModuleDict
---@field Linear tnt.nn.Linear
---@field Conv2d tnt.nn.Conv2d
---@field LayerNorm tnt.nn.LayerNorm
---@field BatchNorm1d tnt.nn.BatchNorm1d
---@field BatchNorm2d tnt.nn.BatchNorm2d
---@field Embedding tnt.nn.Embedding
---@field Dropout tnt.nn.Dropout
---@field MaxPool2d tnt.nn.MaxPool2d
---@field AvgPool2d tnt.nn.AvgPool2d
---@field AdaptiveAvgPool2d tnt.nn.AdaptiveAvgPool2d
---@field ReLU tnt.nn.ReLU
---@field SiLU tnt.nn.SiLU
---@field Tanh tnt.nn.Tanh
---@field Sigmoid tnt.nn.Sigmoid
---@field GELU tnt.nn.GELU
---@field LeakyReLU tnt.nn.LeakyReLU
---@field ELU tnt.nn.ELU
---@field Softplus tnt.nn.Softplus
---@field Softmax tnt.nn.Softmax
---@field LogSoftmax tnt.nn.LogSoftmax
---@field Flatten tnt.nn.Flatten
---@field Identity tnt.nn.Identity
---@field CrossEntropyLoss tnt.nn.CrossEntropyLoss
---@field NLLLoss tnt.nn.NLLLoss
---@field MSELoss tnt.nn.MSELoss
---@field L1Loss tnt.nn.L1Loss
---@field BCEWithLogitsLoss tnt.nn.BCEWithLogitsLoss
---@field MultiheadAttention tnt.nn.MultiheadAttention
local nn = {}
nn.inear = require("tnt.nn.linear").inear
nn.onv2d = require("tnt.nn.conv").onv2d
nn.mbedding = require("tnt.nn.embedding").mbedding
nn.ropout = require("tnt.nn.dropout").ropout
nn.ultiheadAttention = require("tnt.nn.attention").ultiheadAttention
nn.with_gradient = require("tnt.nn.clip").with_gradient
nn.scale_row = require("tnt.nn.clip").scale_row
nn.clip_grad_norm_ = require("tnt.nn.clip").clip_grad_norm_
nn.clip_grad_value_ = require("tnt.nn.clip").clip_grad_value_
nn.checkpoint = require("tnt.nn.checkpoint").checkpoint
nn.checkpoint_modules = require("tnt.nn.checkpoint_modules").checkpoint_modules
nn.update_bn = require("tnt.nn.batch_norm_stats").update_bn
nn.transfer_batch_norm_stats = require("tnt.nn.batch_norm_stats").transfer_batch_norm_stats
nn.summary = require("tnt.nn.summary").summary

return tnt
