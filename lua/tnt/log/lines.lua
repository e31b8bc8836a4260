-- A text file that grows by lines. Lines are held back up to `flush_seconds` and then written
-- whole, so that who reads along sees no half lines; what is there is changed only by writing a new
-- file and renaming it, so that a killed process loses nothing.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local lfs = require "lfs"

---@class tnt.log.Lines
local Lines = class.new "Lines"

local function check(ok, what, path, why)
  if not ok then errors.raise("io", "cannot %s %s: %s", what, path, tostring(why)) end
  return ok
end

---@param path string
---@param flush_seconds number  how long a line may be held back
function Lines:init(path, flush_seconds)
  self.path, self.flush_seconds = path, flush_seconds
  self.held, self.n, self.written_at = {}, 0, clock.now()
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
--- may be done again: an entry that `add_again` is given and that was noted is left out, once.
---@param key string  the entry without its time
function Lines:note(key)
  self.noted = self.noted or {}
  self.noted[key] = true
end

--- `add`, for an entry of the step that `note` is about.
--- Errors: io.
---@param text string
---@param key string
function Lines:add_again(text, key)
  if self.noted and self.noted[key] then
    self.noted[key] = nil
  else
    self:add(text)
  end
end

--- Adds a line. Errors: io.
---@param text string  without newline
function Lines:add(text)
  local n = self.n + 1
  self.held[n], self.n = text, n
  if clock.now() - self.written_at >= self.flush_seconds then self:flush() end
end

--- Writes what is held back. Errors: io.
function Lines:flush()
  self.written_at = clock.now()
  if self.n == 0 then return end
  if not self.file then
    local file, why = io.open(self.path, "ab")
    self.file = check(file, "write", self.path, why)
  end
  local text = table.concat(self.held, "\n", 1, self.n) .. "\n"
  for i = 1, self.n do self.held[i] = nil end
  self.n = 0
  local ok, why = self.file:write(text)
  if ok then ok, why = self.file:flush() end
  check(ok, "write", self.path, why)
end

--- Errors: io.
function Lines:close()
  self:flush()
  if self.file then
    local file = self.file
    self.file = nil
    check(file:close(), "close", self.path, "the disk may be full")
  end
end

return Lines
