-- tnt.optim: optimizers, parameter groups (optim.groups) and schedules of the learning rate
-- (optim.schedule).
local adam = require "tnt.optim.adam"

return {
  Optimizer = require "tnt.optim.optimizer",
  SGD = require "tnt.optim.sgd",
  Adam = adam.Adam,
  AdamW = adam.AdamW,
  GradScaler = require "tnt.optim.scaler",
  groups = require "tnt.optim.groups",
  schedule = require "tnt.optim.schedule",
}
