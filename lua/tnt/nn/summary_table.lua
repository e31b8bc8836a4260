-- The text of a nn.summary: a line for each module, numbers short or exact.

local COUNTS, BYTES = { "", "K", "M", "B", "T" }, { "B", "KB", "MB", "GB", "TB" }

local function with_commas(text)
  local whole, rest = text:match "^(%d+)(.*)$"
  return whole:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "") .. rest
end

-- 123, 1.2 K, 56 K, 5,000 T: one decimal below 100, as TorchTNT's get_summary_table has it.
local function short(number, labels)
  local group = 1
  while group < #labels and number >= 1000 ^ group do group = group + 1 end
  local scaled = number / 1000 ^ (group - 1)
  local text = (group == 1 or scaled >= 100) and ("%d"):format(math.floor(scaled))
    or ("%.1f"):format(scaled)
  return with_commas(text) .. (labels[group] == "" and "" or " " .. labels[group])
end

local function shape_text(shape)
  if shape == nil then return "?" end
  if type(shape) ~= "table" then return tostring(shape) end
  local parts = {}
  for i, size in ipairs(shape) do parts[i] = shape_text(size) end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function time_text(seconds)
  if seconds < 1e-3 then return ("%.1f us"):format(seconds * 1e6) end
  if seconds < 1 then return ("%.2f ms"):format(seconds * 1e3) end
  return ("%.2f s"):format(seconds)
end

-- The cells of a node and of those below it.
local function add_rows(node, rows, with_call, exact)
  local function count(number, labels)
    return exact and ("%d"):format(number) or short(number, labels)
  end
  local cells = {
    node.name == "" and "(network)" or node.name, node.type, count(node.parameters, COUNTS),
    count(node.trainable, COUNTS), count(node.bytes, BYTES),
  }
  if with_call then
    local was_called = node.calls ~= nil
    cells[6] = was_called and shape_text(node.in_shape) or ""
    cells[7] = was_called and shape_text(node.out_shape) or ""
    local forward, backward = node.flops_forward, node.flops_backward
    cells[8] = forward and forward > 0 and count(forward, COUNTS) or ""
    cells[9] = backward and backward > 0 and count(backward, COUNTS) or ""
    cells[10] = was_called and time_text(node.seconds) or ""
  end
  rows[#rows + 1] = cells
  for _, child in ipairs(node.children) do add_rows(child, rows, with_call, exact) end
end

local is_number_column = { false, false, true, true, true, false, false, true, true, true }

--- The table of a tree.
---@param root tnt.nn.Summary
---@param exact? boolean
---@return string
return function(root, exact)
  local rows = { { "name", "type", "parameters", "trainable", "bytes" } }
  local with_call = root.calls ~= nil
  if with_call then
    for _, title in ipairs { "in", "out", "FLOPs", "backward", "time" } do
      table.insert(rows[1], title)
    end
  end
  add_rows(root, rows, with_call, exact)
  local widths = {}
  for _, cells in ipairs(rows) do
    for i, cell in ipairs(cells) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  local lines = {}
  for at, cells in ipairs(rows) do
    local parts = {}
    for i, cell in ipairs(cells) do
      local padding = (" "):rep(widths[i] - #cell)
      parts[i] = is_number_column[i] and padding .. cell or cell .. padding
    end
    lines[at] = (table.concat(parts, "  "):gsub("%s+$", ""))
  end
  local width = 0
  for _, line in ipairs(lines) do width = math.max(width, #line) end
  table.insert(lines, 2, ("-"):rep(width))
  return table.concat(lines, "\n") .. "\n"
end
