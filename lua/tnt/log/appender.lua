-- A file that grows. What is written waits in C's own buffer for up to `flush_seconds`: so that who
-- reads along sees whole entries, and so that nothing is lost when a program ends without closing,
-- by an error or by os.exit, because C writes its buffers out at the end of the process.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local stream = require "tnt.log.stream"

---@class tnt.log.Appender
local Appender = class.new "Appender"

-- Bytes that a stream of the GNU C library holds back at the least, whatever setvbuf is told when
-- it is given no buffer. An entry that is larger is written as it comes.
local ROOM = 4096

---@param path string
---@param flush_seconds number  how long an entry may be held back
function Appender:init(path, flush_seconds)
  self.path, self.flush_seconds = path, flush_seconds
  self.waiting, self.written_at = 0, clock.now()
end

-- What could not be written is not tried again: the disk is full, and the run goes on or ends.
local function check(self, what, ok, why)
  if ok then return ok end
  if self.file then self.file:close() end
  self.file, self.waiting = nil, 0
  errors.raise("io", "cannot %s %s: %s", what, self.path, tostring(why))
end

--- Adds an entry. Errors: io.
---@param bytes string
---@param ending string|nil  its last bytes: no string is made of the two
function Appender:add(bytes, ending)
  ending = ending or ""
  local size = #bytes + #ending
  if not self.file then
    local file, why = io.open(self.path, "ab")
    self.file = check(self, "write", file, why)
    file:setvbuf "full"
  elseif self.waiting + size > ROOM then
    self:flush()
  end
  check(self, "write", stream.write(self.file, bytes))
  if ending ~= "" then check(self, "write", stream.write(self.file, ending)) end
  self.waiting = self.waiting + size
  if clock.now() - self.written_at >= self.flush_seconds then self:flush() end
end

--- Writes what is held back. Errors: io.
function Appender:flush()
  self.written_at = clock.now()
  if self.waiting == 0 then return end
  self.waiting = 0
  check(self, "write", stream.flush(self.file))
end

--- Closes the file; what is added later opens it again. Errors: io.
function Appender:close()
  self:flush()
  local file = self.file
  self.file = nil
  if file then check(self, "close", file:close(), "the disk may be full") end
end

return Appender
