-- tnt.optim: optimizers, parameter groups (optim.groups) and schedules of the learning rate
-- (optim.schedule), averaged weights (optim.AveragedModel), rates as numbers (optim.rates,
-- optim.scale_lr).
local adam = require "tnt.optim.adam"
local rates = require "tnt.optim.rates"

return {
  Optimizer = require "tnt.optim.optimizer",
  SGD = require "tnt.optim.sgd",
  Adam = adam.Adam,
  AdamW = adam.AdamW,
  AveragedModel = require "tnt.optim.averaged_model",
  GradScaler = require "tnt.optim.scaler",
  groups = require "tnt.optim.groups",
  schedule = require "tnt.optim.schedule",
  rates = rates.of,
  scale_lr = rates.scale,
}
