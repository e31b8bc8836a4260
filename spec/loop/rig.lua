-- What the specs of the loops share: the engine's three outer modules and the generator as fakes
-- that keep accounts (signals and scopes cannot be had otherwise), messages caught, units that
-- trace.

local rig = {}

-- Scopes as a stack; `log` tells what happened to each.
local scope = { depth = 0, opened = 0, dissolved = 0 }
function scope.open(kind)
  scope.depth, scope.opened = scope.depth + 1, scope.opened + 1
  return { kind = kind, depth = scope.depth }
end
function scope.close(token)
  if token.depth ~= scope.depth then scope.dissolved = scope.dissolved + 1 end
  scope.depth = token.depth - 1
end
function scope.close_step(token, owners)
  assert(type(owners[1][1]) == "table" and owners[1][2] == "unit")
  scope.close(token)
end
function scope.dissolve(token)
  scope.depth, scope.dissolved = token.depth - 1, scope.dissolved + 1
end
function scope.hold() return {} end
function scope.adopt(nest) return nest end
rig.scope = scope

local grad_mode = { on = true }
function grad_mode.set(on)
  local former = grad_mode.on
  grad_mode.on = on
  return former
end
rig.grad_mode = grad_mode

local interrupt = { depth = 0, signal = nil }
function interrupt.begin() interrupt.depth = interrupt.depth + 1 end
function interrupt.finish() interrupt.depth, interrupt.signal = interrupt.depth - 1, nil end
function interrupt.pending() return interrupt.signal end
rig.interrupt = interrupt

-- A generator whose whole state is one number: every draw adds one.
local random = { drawn = 0 }
function random.state() return { drawn = random.drawn } end
function random.set_state(state) random.drawn = state.drawn end
function random.draw()
  random.drawn = random.drawn + 1
  return random.drawn
end
rig.random = random

package.loaded["tnt.scope"] = scope
package.loaded["tnt.grad_mode"] = grad_mode
package.loaded["tnt.interrupt"] = interrupt
package.loaded["tnt.random"] = random

local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local units = require "tnt.unit"

rig.warnings, rig.infos = {}, {}
message.sink = function(level, text)
  local list = level == "warning" and rig.warnings or rig.infos
  list[#list + 1] = text
end

--- Forgets everything; for before_each.
function rig.reset()
  scope.depth, scope.opened, scope.dissolved = 0, 0, 0
  grad_mode.on, interrupt.depth, interrupt.signal, random.drawn = true, 0, nil, 0
  rig.warnings, rig.infos = {}, {}
end

--- What must hold after every call of a loop, whatever its end.
function rig.assert_clean()
  assert(scope.depth == 0, "a scope is open")
  assert(grad_mode.on == true, "gradients are off")
  assert(interrupt.depth == 0, "signals are still caught")
  assert(require("tnt.state").current() == nil, "a state is current")
end

--- A unit whose steps write "train_step(b1)" into `trace`; `module` is a fake with modes.
---@param trace string[]|nil
---@param fields table|nil  put into the unit: step functions, events
function rig.unit(trace, fields)
  local Unit = units.Unit:extend "Rig"
  for _, phase in ipairs { "train", "eval", "predict" } do
    Unit[phase .. "_step"] = function(self, state, batch)
      if trace then trace[#trace + 1] = phase .. "_step(" .. tostring(batch) .. ")" end
      local inner = self["in_" .. phase .. "_step"]
      if inner then return inner(self, state, batch) end
      return batch
    end
  end
  local unit = Unit()
  for name, value in pairs(fields or {}) do unit[name] = value end -- order: free
  return unit
end

--- A module as far as the loops look at one.
function rig.module()
  local module = { training = false, weight = 0 }
  function module.parameters() return {} end
  function module.state_dict(self) return { weight = self.weight } end
  function module.load_state_dict(self, state) self.weight = state.weight end
  function module.train(self) self.training = true return self end
  function module.eval(self) self.training = false return self end
  return module
end

--- A hook that writes every event of its own into `trace`.
function rig.tracer(trace, prefix)
  local tracer = {}
  for _, event in ipairs(hook.names()) do
    if hook.is_event(event) then
      tracer[event] = function() trace[#trace + 1] = (prefix or "") .. event end
    end
  end
  return tracer
end

--- A list of `n` batches, "b1" ... or with another letter.
function rig.batches(n, letter)
  local list = {}
  for i = 1, n do list[i] = (letter or "b") .. i end
  return list
end

--- A loader with a position, as the program's own have.
function rig.loader(n, letter)
  local loader = { at = 0, epoch = 0, list = rig.batches(n, letter), known_size = n }
  function loader.size(self) return self.known_size end
  function loader.set_epoch(self, epoch)
    if self.resume_epoch ~= epoch then self.resume_at = nil end
    self.epoch = epoch
  end
  function loader.state_dict(self) return { at = self.at, epoch = self.epoch } end
  function loader.load_state_dict(self, state)
    self.resume_at, self.resume_epoch = state.at, state.epoch
  end
  function loader.iterate(self)
    self.at = self.resume_at or 0
    self.resume_at = nil
    return function()
      self.at = math.min(self.at + 1, n + 1)
      return self.list[self.at]
    end
  end
  return loader
end

return rig
