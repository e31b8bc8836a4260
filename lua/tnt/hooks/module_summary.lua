-- Prints what the unit's networks are made of, once, when the first phase of a run begins.

local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local rank = require "tnt.loop.rank"
local sorted = require "tnt.sorted"
local terminal = require "tnt.log.terminal"

local NONE = class.NONE

---@class tnt.hooks.ModuleSummary.Options
---@field depth integer|nil  levels of the tree; default all
---@field inputs any         what to call a network with, for shapes, operations and times: a
---  tensor, a list of arguments, or a function (name, module) that gives one of these, or nil for
---  a network without
---@field backward boolean|nil  with inputs: operations of gradients too; default true
---@field print nil|fun(text: string)  default: to stdout, by the first process only

--- The table is that of tnt.nn.summary, which disturbs nothing.
---@class tnt.hooks.ModuleSummary: tnt.Hook
---@overload fun(options: tnt.hooks.ModuleSummary.Options|nil): tnt.hooks.ModuleSummary
local ModuleSummary = hook.Hook:extend("ModuleSummary", {
  depth = NONE, inputs = NONE, backward = true, print = NONE,
})

class.rename(ModuleSummary, { max_depth = "depth", module_inputs = "inputs" })

function ModuleSummary:init()
  if self.depth ~= nil then check.count("ModuleSummary", "depth", self.depth, 1) end
  if self.print ~= nil and type(self.print) ~= "function" then
    errors.raise("argument", "ModuleSummary: print must be a function (text), got %s",
      type(self.print))
  end
end

local function to_stdout(text)
  terminal.clear()
  io.stdout:write(text)
end

function ModuleSummary:on_run_start() self.is_done = false end

function ModuleSummary:on_start(_, unit)
  if self.is_done or not self.print and rank() ~= 0 then return end
  self.is_done = true
  local nn = require "tnt.nn"
  for name, module in sorted(unit:app_state()) do
    if nn.is_module(module) then
      local inputs = self.inputs
      if type(inputs) == "function" then inputs = inputs(name, module) end
      local node = nn.summary(module, inputs, { depth = self.depth, backward = self.backward })
      local write = self.print or to_stdout
      write(("%s:\n%s"):format(name, node:text()))
    end
  end
end

return ModuleSummary
