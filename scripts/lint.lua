-- The project's own rules, those that no ready-made tool checks: luajit scripts/lint.lua FILE...
-- prints "file:line: what is wrong; what to do" for every breach and exits with 1 if there is one.

local MAX_LINES = 600

-- Methods documented by an annotation in any of the files: whoever implements one that its base
-- class documents needs no words of his own. Some protocols stand in no single class.
local documented = { init = true, forward = true, backward = true, extra_repr = true }

local ADVICE = {
  order = "the order of pairs and next differs between processes: use require 'tnt.sorted' or, "
    .. "where order reaches nothing, end the line with: -- order: free",
  vla = "variable-length cdata corrupts LuaJIT's heap when compiled: a fixed size or C memory",
  annotation = "function %s can be called from elsewhere and says nothing: write '--- One "
    .. "sentence.' (if public, ---@param and ---@return too) above it, or make it local",
  size = "%d lines: a file over %d holds two things, find them and split it",
  opening = "open the file with a comment: what it holds, the one decision a reader must know",
  tab = "a tab: indent with two spaces",
}

local breaches = 0
local function report(file, line, advice, ...)
  breaches = breaches + 1
  print(("%s:%d: %s"):format(file, line, ADVICE[advice]:format(...)))
end

-- A Lua line without its comment, and with the contents of its strings blanked out.
local function code_of(line)
  line = line:gsub("\\.", "__"):gsub("(['\"])(.-)%1", function(quote, text)
    return quote .. (" "):rep(#text) .. quote
  end)
  return (line:gsub("%-%-.*", ""))
end

-- The name of a function that a line defines in a table, and ":" or ".".
local function defined(line)
  local separator, name = line:match "^function [%w_.]-([.:])([%w_]+)%s*%("
  return name, separator
end

local function lint_library(file, lines, at, line)
  local code = code_of(line)
  local unordered = code:find "%f[%w_.:]pairs%s*[({%w]" or code:find "%f[%w_]in%s+next%f[^%w_]"
  if unordered and not line:find("-- order: free", 1, true) then report(file, at, "order") end
  local name, separator = defined(line)
  -- A comment over a run of functions of one line each serves them all.
  local above = at - 1
  while above > 0 and lines[above]:find "^function .*%f[%w_]end%s*$" do above = above - 1 end
  if not name or name:find "^_" or (lines[above] or ""):find "^%-%-" then return end
  if separator == ":" and (documented[name] or name:find "^on_") then return end
  report(file, at, "annotation", name)
end

local function lint_lua(file, lines)
  for at, line in ipairs(lines) do
    if file:find "^lua/tnt/" then lint_library(file, lines, at, line) end
    -- The type stands in a string, so the line itself is read.
    if line:gsub("%-%-.*", ""):find "ffi%.%w+%s*%(?%s*['\"%[][^'\"]*%[%?%]" then
      report(file, at, "vla")
    end
    if line:find "^%s*\t" then report(file, at, "tab") end
  end
end

local function opens_with_comment(file, lines)
  local first = lines[1] or ""
  if first:find "^#!" then first = lines[2] or "" end
  if file:find "%.lua$" or file:find "%.rockspec$" then return first:find "^%-%-" end
  if file:find "%.[ch]u?h?$" or file:find "%.cpp$" then return first:find "^/[/*]" end
  return first:find "^#"
end

local contents = {}
for i, file in ipairs(arg) do
  local lines = {}
  for line in io.lines(file) do
    local name = defined(line)
    if name and (lines[#lines] or ""):find "^%-%-%-" then documented[name] = true end
    lines[#lines + 1] = line
  end
  contents[i] = lines
end

for i, file in ipairs(arg) do
  local lines = contents[i]
  -- spec/reference holds numbers that scripts/parity wrote down.
  if #lines > MAX_LINES and not file:find "^spec/reference/" then
    report(file, #lines, "size", #lines, MAX_LINES)
  end
  -- A spec is about the file it is named after.
  if not file:find "^spec/" and not opens_with_comment(file, lines) then
    report(file, 1, "opening")
  end
  if file:find "%.lua$" then lint_lua(file, lines) end
end
os.exit(breaches == 0 and 0 or 1)
