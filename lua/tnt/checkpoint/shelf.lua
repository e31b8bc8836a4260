-- The checkpoints of one run in one folder: those that are durable, oldest first, and the one that
-- is being written, of which there is at most one. What a writer does and what a policy decides
-- meet here: an older checkpoint goes only when a newer one is durable.

local class = require "tnt.class"
local message = require "tnt.loop.message"
local name = require "tnt.checkpoint.name"

---@class tnt.checkpoint.Shelf
---@field writer tnt.checkpoint.Writer
---@field policy tnt.checkpoint.Policy|nil  nil: all stay
---@field folder string
---@field durable tnt.checkpoint.Entry[]
---@field pending {job: table, entry: tnt.checkpoint.Entry}|nil
local Shelf = class.new "Shelf"

--- The folder is made when it is `open`ed.
---@param writer tnt.checkpoint.Writer
---@param folder string
---@param policy tnt.checkpoint.Policy|nil
function Shelf:init(writer, folder, policy)
  self.writer, self.folder, self.policy = writer, folder, policy
  self.durable = {}
end

--- Prepares the folder and finds what the run has there already.
--- Errors: io.
---@param run string  which run this is
---@return tnt.checkpoint.Entry[] others  checkpoints of other runs
function Shelf:open(run)
  self.writer:prepare(self.folder)
  local others = {}
  for _, entry in ipairs(self.writer:list(self.folder)) do
    local list = entry.run == run and self.durable or others
    list[#list + 1] = entry
  end
  return others
end

--- Begins to write. Nothing else may be under way.
--- Errors: argument, memory, io.
---@param counts table  see name.make
---@param contents table
---@param about tnt.checkpoint.About
function Shelf:start(counts, contents, about)
  local text = name.make(counts, about.metric, about.value)
  local job = self.writer:start(self.folder, text, contents, about)
  self.pending = {
    job = job,
    entry = {
      path = job.path, name = name.parse(job.name or text) or name.parse(text), run = about.run,
      metric = about.metric, value = about.value,
    },
  }
end

--- Lets `best` stand for the best one, and those go that need not stay.
function Shelf:tidy()
  local policy = self.policy
  if not policy then return end
  local first = policy:ranked(self.durable)[1]
  if first and first.path ~= self.linked_best then
    self.writer:link(self.folder, "best", first.name.text)
    self.linked_best = first.path
  end
  local goes, stay = {}, {}
  for _, entry in ipairs(policy:surplus(self.durable)) do
    self.writer:remove(entry.path) -- one that cannot be deleted is told there, and forgotten
    goes[entry] = true
  end
  for _, entry in ipairs(self.durable) do
    if not goes[entry] then stay[#stay + 1] = entry end
  end
  self.durable = stay
end

--- Takes in the checkpoint under way: waits for it, or with `if_done` only when it is there.
--- Errors: io, memory: it could not be written; the older ones are as they were.
---@param if_done boolean|nil
---@return string|nil path  of the one that is durable now
function Shelf:collect(if_done)
  local pending = self.pending
  if not pending or if_done and not pending.job:is_done() then return nil end
  self.pending = nil
  pending.job:wait()
  self.durable[#self.durable + 1] = pending.entry
  self:tidy()
  return pending.entry.path
end

--- Those that count, the one under way included.
---@return tnt.checkpoint.Entry[]
function Shelf:all()
  local list = {}
  for i, entry in ipairs(self.durable) do list[i] = entry end
  if self.pending then list[#list + 1] = self.pending.entry end
  return list
end

--- Warns of checkpoints that a fresh run finds in its folder.
---@param others tnt.checkpoint.Entry[]
function Shelf:tell_others(others)
  if #others == 0 then return end
  message.warn("Checkpoint: %s holds %d of other runs (%s ...); they are neither counted nor "
    .. "deleted. To go on with the last one give resume = 'auto'", self.folder, #others,
    others[#others].name.text)
end

return Shelf
