-- The prompt: reads lines until they make a chunk, runs it under the program's signals, prints its
-- values. Reading, signals and error reports are the executable's (core/cli): it runs only there.

local cli = require "tnt.cli"
local chunk = require "tnt.prompt.chunk"
local complete = require "tnt.prompt.complete"
local environment = require "tnt.prompt.environment"
local errors = require "tnt.errors"
local help = require "tnt.prompt.help"
local history = require "tnt.prompt.history"
local show = require "tnt.prompt.show"

local ffi = require "ffi"

local prompt = {}

-- A C function: the compiler can neither leave the call out nor move it before the loop.
local signal_pending = ffi.cast("int (*)(void)", cli.pending_function)

local PROMPT, CONTINUATION = "> ", ">> "
local SIGTERM = 15

local function pack(...)
  return select("#", ...), { ... }
end

-- Runs the chunk and prints its values; both may be interrupted.
local function evaluate(code, env)
  local n, values = pack(code.run())
  if code.is_expression and n > 1 then
    environment.set(env, "_", values[2])
    io.write(show.values(n - 1, unpack(values, 2, n)), "\n")
  end
end

-- A failed or interrupted line may leave scopes open: their tensors then own themselves.
local function dissolve_scopes()
  local scope = package.loaded["tnt.scope"]
  if type(scope) == "table" and scope.dissolve_all then scope.dissolve_all() end
end

-- What `require` leaves in package.loaded while a module is loading, and after that failed.
local function loading_mark()
  local name, mark = "tnt.prompt.mark", nil
  package.preload[name] = function() mark = package.loaded[name] end
  require(name)
  package.preload[name], package.loaded[name] = nil, nil
  return mark
end
local LOADING = loading_mark()

-- A module that failed, or was interrupted, while it was loading can be required again.
local function forget_failed_modules()
  for name, value in pairs(package.loaded) do -- order: free
    if value == LOADING then package.loaded[name] = nil end
  end
end

-- Ends the prompt with the exit status of a terminated program.
local function leave()
  local err = errors.new("interrupted", "terminated")
  err.signal = SIGTERM
  error(err, 0)
end

local function run(code, env)
  environment.declare(env, code.declares)
  setfenv(code.run, env.values)
  local ok, report, signal = cli.call(evaluate, code, env)
  dissolve_scopes()
  io.flush()
  if signal == SIGTERM then leave() end
  if not ok then
    forget_failed_modules()
    io.stderr:write(report, "\n")
  end
end

-- Returns what is still incomplete, or nil.
local function take(source, env)
  local name = source:match "^%s*%?%s*(.-)%s*$"
  if name then
    io.write(name == "" and help.introduction() or help.name(name, env.values), "\n")
    return nil
  end
  local code, why, message = chunk.compile(source)
  if code then
    run(code, env)
  elseif why == "incomplete" then
    return source
  else
    io.stderr:write(cli.report(message), "\n")
  end
end

local function new_environment()
  local env = environment.new()
  environment.set(env, "help", function(...)
    local text = select("#", ...) == 0 and help.introduction() or help.value((...))
    io.write(text, "\n")
  end)
  environment.set(env, chunk.CHECK, function()
    return signal_pending() ~= 0 -- the compiled test leads back to where the signal's hook works
  end)
  return env
end

-- Reads one line and deals with it; `pending` is what came before it.
-- Returns "end" at the end of input, else nil and what is pending now.
local function turn(env, pending, history_path)
  local line, why = cli.read(pending and CONTINUATION or PROMPT)
  if not line then return why == "end" and "end" or nil end
  if not line:find "%S" and not pending then return nil end
  if line:find "%S" then
    cli.history_add(line)
    if history_path then history.append(history_path, line) end
  end
  return nil, take(pending and pending .. "\n" .. line or line, env)
end

--- Reads and runs lines until the end of input.
function prompt.run()
  local terminal = cli.terminal()
  local env = new_environment()
  local history_path = terminal and history.path()
  cli.patient()
  cli.completer(function(line, word) return complete.words(line, word, env.values) end)
  if terminal then
    if history_path then
      for _, line in ipairs(history.load(history_path)) do cli.history_add(line) end
    end
    io.write("tntlua ", cli.version, ", ", jit.version, "; help() or ?name explains, ",
      cli.editing and "Tab completes, " or "", "ctrl-D leaves\n")
  end
  local pending
  while true do
    local ok, stop, rest = pcall(turn, env, pending, history_path)
    if ok then
      if stop == "end" then return end
      pending = rest
    elseif type(stop) == "table" and stop.kind == "interrupted" and stop.signal ~= SIGTERM then
      pending = nil
    else
      error(stop, 0)
    end
  end
end

return prompt
