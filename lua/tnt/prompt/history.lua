-- The lines typed before, in $XDG_STATE_HOME/tntlua/history (default ~/.local/state). Each line is
-- appended as it is typed, so that prompts running side by side lose nothing.

local ffi = require "ffi"

ffi.cdef "int mkdir(const char *path, unsigned mode);"

local history = {}

--- How many lines are kept when the file is read; it may grow to twice that meanwhile.
history.LIMIT = 2000

--- The file's path, or nil where there is no home directory.
---@return string|nil
function history.path()
  local state = os.getenv "XDG_STATE_HOME"
  if not state or state:sub(1, 1) ~= "/" then
    local home = os.getenv "HOME"
    if not home or home == "" then return nil end
    state = home .. "/.local/state"
  end
  return state .. "/tntlua/history"
end

local function make_parents(path)
  for at in path:gmatch "()/" do
    if at > 1 then ffi.C.mkdir(path:sub(1, at - 1), 448) end -- 0700; what exists stays
  end
end

local function write(path, lines)
  local temporary = path .. ".new"
  local file = io.open(temporary, "w")
  if not file then return end
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  os.rename(temporary, path)
end

--- Reads the file, oldest line first, and shortens it when it has grown too long.
---@param path string
---@return string[] lines
function history.load(path)
  local lines = {}
  local file = io.open(path)
  if not file then return lines end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  local total = #lines
  if total > history.LIMIT then
    local newest = {}
    for i = total - history.LIMIT + 1, total do newest[#newest + 1] = lines[i] end
    lines = newest
    if total > 2 * history.LIMIT then write(path, lines) end
  end
  return lines
end

--- Appends a line; a directory that cannot be written to is no error.
---@param path string
---@param line string
function history.append(path, line)
  local file = io.open(path, "a")
  if not file then
    make_parents(path)
    file = io.open(path, "a")
    if not file then return end
  end
  file:write(line, "\n")
  file:close()
end

return history
