-- A text file that grows by lines. What is there is changed only by writing a new file and renaming
-- it, so that a killed process loses nothing.

local Appender = require "tnt.log.appender"
local errors = require "tnt.errors"
local lfs = require "lfs"

---@class tnt.log.Lines: tnt.log.Appender
---@overload fun(path: string, flush_seconds: number): tnt.log.Lines
local Lines = Appender:extend "Lines"

local function check(ok, what, path, why)
  if not ok then errors.raise("io", "cannot %s %s: %s", what, path, tostring(why)) end
  return ok
end

--- Iterates what the file holds, entry by entry, each with its newline; the last one lacks it when
--- its writing was cut short. Nothing when there is no file.
--- Errors: io.
---@param is_whole nil|fun(text: string): boolean  whether an entry that may span lines is over
---@return fun(): string|nil
function Lines:entries(is_whole)
  if not lfs.attributes(self.path, "mode") then return function() end end
  local file, why = io.open(self.path, "rb")
  check(file, "read", self.path, why)
  return function()
    if not file then return nil end
    local text = file:read "*L"
    while text and is_whole and not is_whole(text) do
      local more = file:read "*L"
      if not more then break end
      text = text .. more
    end
    if not text then
      file:close()
      file = nil
    end
    return text
  end
end

--- Replaces the file by what `change` makes of each entry (nil: leave it out) in one instant.
--- Errors: io.
---@param change fun(text: string, at: integer): string|nil
---@param is_whole nil|fun(text: string): boolean  as for `entries`
function Lines:rewrite(change, is_whole)
  self:close()
  local temporary, at = self.path .. ".tmp", 0
  local file, why = io.open(temporary, "wb")
  check(file, "write", temporary, why)
  for text in self:entries(is_whole) do
    at = at + 1
    text = change(text, at)
    if text then check(file:write(text), "write", temporary, "the disk may be full") end
  end
  check(file:close(), "write", temporary, "the disk may be full")
  local ok, reason = os.rename(temporary, self.path)
  check(ok, "replace", self.path, reason)
end

--- Notes an entry of the step at which a run goes on. An epoch that ended there, or its evaluation,
--- may be done again: an entry that `line_again` is given and that was noted is left out, once.
---@param key string  the entry without its time
function Lines:note(key)
  self.noted = self.noted or {}
  self.noted[key] = true
end

--- `line`, for an entry of the step that `note` is about.
--- Errors: io.
---@param text string
---@param key string
function Lines:line_again(text, key)
  if self.noted and self.noted[key] then
    self.noted[key] = nil
  else
    self:line(text)
  end
end

--- Adds a line. Errors: io.
---@param text string  without newline
function Lines:line(text) self:add(text, "\n") end

return Lines
