-- The text of a progress line: for a terminal of a given width, with a bar, and plain, for files.
-- What does not fit is left out, the least important first: metrics from the last on, rate, times.

local terminal = require "tnt.log.terminal"

---@class tnt.BarInfo
---@field title string        "train 3/10", "eval"
---@field done integer        steps
---@field total integer|nil   nil: not known
---@field rate number|nil     steps a second
---@field elapsed number      seconds
---@field is_over boolean|nil  nothing follows
---@field metrics {[1]: string, [2]: number}[]
---@field widest integer|nil  columns the bar may have at most

local bar_line = {}

local LEAST, MOST = 10, 40 -- columns of the bar

--- "0:07", "1:02:03", "2d 03:04:05".
---@param seconds number
---@return string
function bar_line.duration(seconds)
  seconds = math.floor(seconds + 0.5)
  local s, m, h = seconds % 60, math.floor(seconds / 60) % 60, math.floor(seconds / 3600)
  if h == 0 then return ("%d:%02d"):format(m, s) end
  if h < 24 then return ("%d:%02d:%02d"):format(h, m, s) end
  return ("%dd %02d:%02d:%02d"):format(math.floor(h / 24), h % 24, m, s)
end

--- "78.1 it/s", "12.3k it/s", "2.50 s/it".
---@param rate number  steps a second
---@return string
function bar_line.rate(rate)
  if rate >= 10000 then return ("%.1fk it/s"):format(rate / 1000) end
  if rate >= 100 then return ("%.0f it/s"):format(rate) end
  if rate >= 1 then return ("%.1f it/s"):format(rate) end
  return ("%.2f s/it"):format(1 / rate)
end

local function percent(info)
  -- 100 % is only said when it is true.
  return ("%3d%%"):format(math.min(100, math.floor(info.done / info.total * 100)))
end

local function is_known(info) return info.total ~= nil and info.total > 0 end

local function count(info)
  if info.total then return ("%d/%d"):format(info.done, info.total) end
  return info.done == 1 and "1 step" or info.done .. " steps"
end

-- Everything behind the count, in the order in which it is shown and dropped from the end.
local function pieces(info)
  local list, rate = {}, info.rate
  local has_rate = rate and rate > 0 and rate < math.huge
  local times = bar_line.duration(info.elapsed)
  if has_rate and is_known(info) and info.done < info.total and not info.is_over then
    times = times .. " ETA " .. bar_line.duration((info.total - info.done) / rate)
  end
  list[1] = times
  if has_rate then list[2] = bar_line.rate(rate) end
  for _, metric in ipairs(info.metrics) do
    list[#list + 1] = ("%s %.4g"):format(metric[1], metric[2])
  end
  return list
end

local function bar(info, width, style)
  local filled = math.min(1, info.done / info.total) * width
  local whole = math.floor(filled)
  if not style.utf8 then
    local head = whole < width and whole > 0 and ">" or ""
    return "[" .. ("="):rep(whole - #head) .. head .. ("-"):rep(width - whole) .. "]"
  end
  local done, rest = ("━"):rep(whole), ("─"):rep(width - whole)
  if style.colours then return "\27[32m" .. done .. "\27[2;39m" .. rest .. "\27[0m" end
  return done .. rest
end

-- The first `columns` characters of a text.
local function cut(text, columns)
  if terminal.width(text) <= columns then return text end
  local kept, n = {}, 0
  for character in text:gmatch "[^\128-\191][\128-\191]*" do
    n = n + 1
    if n > columns then break end
    kept[n] = character
  end
  return table.concat(kept)
end

--- The line for a terminal, at most `columns` wide.
---@param info tnt.BarInfo
---@param columns integer
---@param style {utf8: boolean, colours: boolean, final: boolean|nil}  final: without a bar
---@return string text
---@return integer|nil width  of the bar
function bar_line.drawn(info, columns, style)
  local has_bar = is_known(info) and not style.final
  local head = info.title
  local tail = (is_known(info) and percent(info) .. " " or "") .. count(info)
  local frame = style.utf8 and 2 or 4 -- blanks around the bar, and brackets
  local room = columns - terminal.width(head) - terminal.width(tail) - 1
  if has_bar then room = room - LEAST - frame + 1 end
  if has_bar and room < 0 then
    has_bar = false
    room = room + LEAST + frame - 1
  end
  if room < 0 then return cut(head .. " " .. tail, columns) end
  for _, piece in ipairs(pieces(info)) do
    local width = 1 + terminal.width(piece)
    if width > room then break end
    tail, room = tail .. " " .. piece, room - width
  end
  if not has_bar then return head .. " " .. tail end
  local width = math.min(info.widest or MOST, LEAST + room)
  return head .. " " .. bar(info, width, style) .. " " .. tail, width
end

--- The line for a file: everything, whatever its length.
---@param info tnt.BarInfo
---@return string
function bar_line.plain(info)
  local start = info.title .. ": "
  if is_known(info) then start = start .. percent(info):gsub("^ +", "") .. " " end
  return start .. count(info) .. ", " .. table.concat(pieces(info), ", ")
end

return bar_line
