-- What a scope left that dissolved with none outside (a break, an error) is in nobody's hands: Lua
-- may still have its handles, which do not own. When there is much of it, Lua's heap is searched
-- once: what is found there owns itself from then on, the rest is released. Only where nothing can
-- hide: in the main coroutine and outside every scope.

local core = require "tnt.core"
local tensor = require "tnt.tensor"
local threads = require "tnt.scope.threads"
local ffi = require "ffi"
local C, context = core.C, core.context

local limbo = {
  max_bytes = 64 * 2 ^ 20, -- as much as may lie there unsearched
  max_tensors = 4096,
}

-- Every tensor in limbo that a Lua value leads to.
local function reachable()
  local found, todo, n, seen = {}, {}, 0, {}
  local function note(v)
    local kind = type(v)
    if kind == "cdata" then
      if tensor.is_tensor(v) then
        local ok, is_there = pcall(C.tnt_in_limbo, v) -- istype takes a ctype for one of its values
        if ok and is_there ~= 0 then found[#found + 1] = v end
      end
    elseif (kind == "table" or kind == "function" or kind == "thread" or kind == "userdata")
      and not seen[v] then
      seen[v] = true
      n = n + 1
      todo[n] = v
    end
  end
  local function note_stack(level, co)
    local function locals(i, by)
      while true do
        local name, v
        if co then name, v = debug.getlocal(co, level, i)
        else name, v = debug.getlocal(level + 2, i) end
        if not name then return end
        note(v)
        i = i + by
      end
    end
    while true do
      local info
      if co then info = debug.getinfo(co, level, "f") else info = debug.getinfo(level + 1, "f") end
      if not info then return end
      note(info.func)
      locals(1, 1)
      locals(-1, -1) -- varargs
      level = level + 1
    end
  end
  seen[seen], seen[todo], seen[found] = true, true, true
  note_stack(1)
  note(_G)
  note(package.loaded)
  note(debug.getregistry())
  note(debug.getmetatable "")
  while n > 0 do
    local v = todo[n]
    todo[n], n = nil, n - 1
    local kind = type(v)
    local meta = kind ~= "function" and kind ~= "thread" and debug.getmetatable(v)
    if meta then note(meta) end
    if kind == "table" then
      local mode = meta and type(meta) == "table" and rawget(meta, "__mode")
      mode = type(mode) == "string" and mode or ""
      local has_keys, has_values = not mode:find "k", not mode:find "v"
      for key, value in next, v do -- order: free
        if has_keys then note(key) end
        if has_values then note(value) end
      end
    else
      local environment = debug.getfenv(v)
      if environment then note(environment) end
      if kind == "function" then
        local i = 1
        while true do
          local name, value = debug.getupvalue(v, i)
          if not name then break end
          note(value)
          i = i + 1
        end
      elseif kind == "thread" then
        note_stack(0, v)
      end
    end
  end
  return found
end

local bytes = ffi.new "int64_t[1]"

--- Searches and releases, where that is possible: outside every scope, in the main coroutine.
function limbo.search()
  if context.depth ~= 0 or threads.current() ~= 0 or C.tnt_limbo(nil) == 0 then return end
  for _, t in ipairs(reachable()) do t:keep() end
  C.tnt_limbo_release()
end

--- Searches when enough has gathered.
function limbo.tidy()
  if context.depth ~= 0 then return end
  local n = C.tnt_limbo(bytes)
  if n >= limbo.max_tensors or bytes[0] >= limbo.max_bytes then limbo.search() end
end

return limbo
