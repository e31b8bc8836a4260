-- What a timer's durations come to: rows by share, percentiles, and both as text.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local report = {}

--- Rows of a timer, the largest share first, equal ones in the order in which they were first
--- recorded.
---@param names string[]
---@param sums table<string, {calls: integer, total: number}>
---@return tnt.Timer.Row[]
function report.rows(names, sums)
  local rows, all, place = {}, 0, {}
  for i, name in ipairs(names) do
    all, place[name] = all + sums[name].total, i
  end
  for i, name in ipairs(names) do
    local total, calls = sums[name].total, sums[name].calls
    rows[i] = {
      name = name, mean = total / calls, calls = calls, total = total,
      percent = all > 0 and 100 * total / all or 0,
    }
  end
  table.sort(rows, function(a, b)
    if a.total ~= b.total then return a.total > b.total end
    return place[a.name] < place[b.name]
  end)
  return rows
end

-- Cells under each other: the first column to the left, numbers to the right.
local function aligned(lines, separator)
  local widths = {}
  for _, cells in ipairs(lines) do
    for i, cell in ipairs(cells) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  local out = {}
  for at, cells in ipairs(lines) do
    local parts = {}
    for i, cell in ipairs(cells) do
      local padding = (" "):rep(widths[i] - #cell)
      parts[i] = i == 1 and cell .. padding or padding .. cell
    end
    out[at] = table.concat(parts, separator)
  end
  return out
end

local function number(value) return ("%.5g"):format(value) end

--- The rows as text: a heading, a line for the whole, and a line for each row. Of no rows the
--- heading alone.
---@param rows tnt.Timer.Row[]
---@return string
function report.summary(rows)
  if #rows == 0 then return "Timer report: nothing was recorded\n" end
  local calls, total = 0, 0
  for _, row in ipairs(rows) do calls, total = calls + row.calls, total + row.total end
  local lines = {
    { "name", "mean (s)", "calls", "total (s)", "%" },
    { "total", "-", tostring(calls), number(total), "100" },
  }
  for i, row in ipairs(rows) do
    lines[i + 2] = {
      row.name, number(row.mean), tostring(row.calls), number(row.total), number(row.percent),
    }
  end
  local text = aligned(lines, "  ")
  local line = ("-"):rep(#text[1])
  table.insert(text, 3, line)
  table.insert(text, 2, line)
  return "Timer report\n" .. table.concat(text, "\n") .. "\n"
end

local function key(percentile) return ("p%.14g"):format(percentile) end

-- The percentiles in ascending order, checked.
local function ordered(percentiles)
  if type(percentiles) ~= "table" then
    errors.raise("argument", "Timer: percentiles are a list such as {50, 99}, got %s",
      type(percentiles))
  end
  local list = {}
  for i, percentile in ipairs(percentiles) do
    if type(percentile) ~= "number" or not (percentile >= 0 and percentile <= 100) then
      errors.raise("argument", "Timer: a percentile is a number from 0 to 100, got %s",
        tostring(percentile))
    end
    list[i] = percentile
  end
  table.sort(list)
  return list
end

--- Percentiles of lists of durations, by name. A value between two durations becomes the lower
--- one: NumPy's method "lower", rank = floor(p / 100 * (n - 1)).
--- Errors: argument.
---@param recorded table<string, number[]>
---@param percentiles number[]
---@return table<string, table<string, number>>
function report.percentiles(recorded, percentiles)
  local list, found = ordered(percentiles), {}
  for name, durations in sorted(recorded) do
    local copy, sum = {}, 0
    for i, seconds in ipairs(durations) do
      copy[i], sum = seconds, sum + seconds
    end
    table.sort(copy)
    found[name] = { avg = sum / #copy }
    for _, percentile in ipairs(list) do
      found[name][key(percentile)] = copy[math.floor(percentile / 100 * (#copy - 1)) + 1]
    end
  end
  return found
end

--- Percentiles as a table of text in Markdown's form; empty without names.
---@param names string[]
---@param found table<string, table<string, number>>
---@param percentiles number[]
---@return string
function report.percentile_table(names, found, percentiles)
  if #names == 0 then return "" end
  local columns = {}
  for i, percentile in ipairs(ordered(percentiles)) do columns[i] = key(percentile) end
  columns[#columns + 1] = "avg"
  local lines = { { "Name", unpack(columns) } }
  for _, name in ipairs(names) do
    local cells = { name }
    for i, column in ipairs(columns) do cells[i + 1] = ("%.3f"):format(found[name][column]) end
    lines[#lines + 1] = cells
  end
  local text = aligned(lines, " | ")
  local rule = text[1]:gsub("[^|]", "-")
  table.insert(text, 2, rule)
  return "| " .. table.concat(text, " |\n| ") .. " |\n"
end

return report
