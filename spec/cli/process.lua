-- Runs the program for specs: to its end (run), or on a pseudo-terminal (spawn), where a spec
-- types and waits for output. Nothing sleeps: a wait ends with the output awaited, or fails at a
-- deadline.

local ffi = require "ffi"

ffi.cdef [[
typedef struct { int fd; short events, revents; } spec_pollfd;
int forkpty(int *master, char *name, void *termios, void *size);
int execv(const char *path, char *const argv[]);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);
int poll(spec_pollfd *fds, unsigned long n, int timeout_ms);
long read(int fd, void *buffer, size_t bytes);
long write(int fd, const void *buffer, size_t bytes);
int close(int fd);
int kill(int pid, int signal);
int waitpid(int pid, int *status, int options);
void _exit(int status);
]]
local C = ffi.C

local process = {}

local root = io.popen("pwd -P"):read "*l"
process.root = root
process.program = ("%s/%s/bin/tntlua"):format(root, os.getenv "TNT_BUILD" or "build")

local DEADLINE_MS = 20000

-- What was printed while a status came in: 128 + the signal for a process killed by one, as in sh.
local function exit_status(status)
  local signal = status % 128
  return signal == 0 and math.floor(status / 256) or 128 + signal
end

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Writes a file of the temporary directory and returns its path; `cleanup` removes it.
local made = {}
function process.file(text, path)
  path = path or os.tmpname()
  made[#made + 1] = path
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

--- A new empty directory.
function process.directory()
  local path = os.tmpname()
  os.remove(path)
  os.execute("mkdir " .. path)
  made[#made + 1] = path
  return path
end

function process.cleanup()
  for _, path in ipairs(made) do os.execute("rm -rf " .. quote(path)) end
  made = {}
end

local function slurp(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

--- Runs the program to its end.
---@param words string[]
---@param options table|nil  input: its standard input; env: "NAME=value ..."; cd: where; program
---@return string out
---@return string err
---@return integer status
function process.run(words, options)
  options = options or {}
  local out, err = os.tmpname(), os.tmpname()
  local input = options.input and process.file(options.input) or "/dev/null"
  local command = {}
  for i, word in ipairs(words) do command[i] = quote(word) end
  local clean = "env -u LUA_PATH -u LUA_CPATH -u LUA_INIT -u TNT_TRACE"
  local text = ("cd %s; %s %s %s %s <%s >%s 2>%s; echo $?"):format(quote(options.cd or root), clean,
    options.env or "", quote(options.program or process.program), table.concat(command, " "), input,
    out, err)
  local pipe = io.popen(text)
  local status = tonumber(pipe:read "*a")
  pipe:close()
  local out_text, err_text = slurp(out), slurp(err)
  os.remove(out)
  os.remove(err)
  return out_text, err_text, status
end

local Terminal = {}
Terminal.__index = Terminal

--- Starts the program on a pseudo-terminal.
---@param words string[]
---@param env table<string, string>|nil  false removes a variable
---@return table terminal
function process.spawn(words, env)
  local master = ffi.new "int[1]"
  local argv = ffi.new "char *[32]"
  local hold = { process.program, unpack(words) }
  for i, word in ipairs(hold) do argv[i - 1] = ffi.cast("char *", word) end
  local pid = C.forkpty(master, nil, nil, nil)
  assert(pid >= 0, "no pseudo-terminal")
  if pid == 0 then
    for _, name in ipairs { "LUA_PATH", "LUA_CPATH", "LUA_INIT" } do C.unsetenv(name) end
    C.setenv("TERM", "dumb", 1) -- no cursor movements in what is seen
    C.setenv("NO_COLOR", "1", 1)
    for name, value in pairs(env or {}) do C.setenv(name, value, 1) end
    C.execv(process.program, argv)
    C._exit(127)
  end
  return setmetatable({ pid = pid, fd = master[0], seen = "", at = 1 }, Terminal)
end

-- Reads what there is, waiting for it; false at the end of output. With `patience`, nil when
-- nothing has come after so many milliseconds.
function Terminal:read(patience)
  local poll, buffer = ffi.new "spec_pollfd[1]", ffi.new "char[4096]"
  poll[0].fd, poll[0].events = self.fd, 1
  if C.poll(poll, 1, patience or DEADLINE_MS) <= 0 then
    if patience then return nil end
    C.kill(self.pid, 9)
    error("nothing came within the deadline; seen so far:\n" .. self.seen, 0)
  end
  local n = tonumber(C.read(self.fd, buffer, 4096))
  if n <= 0 then return false end
  self.seen = self.seen .. ffi.string(buffer, n)
  return true
end

--- Waits until the text comes after what was awaited before; returns what stood before it.
function Terminal:expect(text)
  while true do
    local first, last = self.seen:find(text, self.at, true)
    if first then
      local before = self.seen:sub(self.at, first - 1)
      self.at = last + 1
      return before
    end
    if not self:read() then
      error(("the program ended before '%s'; seen:\n%s"):format(text, self.seen), 0)
    end
  end
end

function Terminal:send(text)
  assert(C.write(self.fd, text, #text) == #text)
end

--- Types a line at the prompt and returns what is printed until the next one.
function Terminal:line(text, prompt)
  self:send(text .. "\r")
  self:expect "\n"
  return (self:expect(prompt or "\n> "):gsub("\r", ""))
end

function Terminal:kill(signal)
  C.kill(self.pid, signal)
end

--- Sends a signal again and again, as one who loses patience, until the program has printed `text`
--- or, without one, has ended.
function Terminal:insist(signal, text)
  for _ = 1, DEADLINE_MS / 50 do
    C.kill(self.pid, signal)
    local more = self:read(50)
    if more == false then
      assert(not text, "the program ended; seen:\n" .. self.seen)
      return
    end
    if text and self.seen:find(text, self.at, true) then return end
  end
  C.kill(self.pid, 9)
  error("the program does not answer its signals; seen:\n" .. self.seen, 0)
end

--- Waits for the end; returns the exit status and everything printed.
function Terminal:finish()
  while self:read() do end
  local status = ffi.new "int[1]"
  C.waitpid(self.pid, status, 0)
  C.close(self.fd)
  return exit_status(status[0]), (self.seen:gsub("\r", ""))
end

return process
