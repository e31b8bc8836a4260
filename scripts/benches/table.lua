-- Prints the table of scripts/bench from lines "name value unit": medians of ours and theirs, and
-- ours over theirs. Of each NAME there are files NAME.ours and NAME.theirs, or, of a card,
-- NAME.eager and NAME.compiled: then there is a column and a ratio for both.
local folder = arg[1]

local function read(path)
  local order, values, units = {}, {}, {}
  local file = io.open(path)
  if not file then return nil end
  for line in file:lines() do
    local name, value, unit = line:match "^(%S+)%s+(%S+)%s*(.*)$"
    if name and tonumber(value) then
      if not values[name] then
        values[name] = {}
        order[#order + 1] = name
      end
      table.insert(values[name], tonumber(value))
      units[name] = unit
    end
  end
  file:close()
  return { order = order, values = values, units = units }
end

local function median(list)
  if not list then return nil end
  table.sort(list)
  local n = #list
  return n % 2 == 1 and list[(n + 1) / 2] or (list[n / 2] + list[n / 2 + 1]) / 2
end

local function row(name, values, unit)
  local cells = { ("%-44s"):format(name) }
  for i = 1, values.n do
    cells[#cells + 1] = (" %12s"):format(values[i] and ("%.4g"):format(values[i]) or "-")
  end
  for i = 2, values.n do
    local ratio = values[1] and values[i] and values[i] ~= 0 and values[1] / values[i]
    cells[#cells + 1] = (" %8s"):format(ratio and ("%.2f"):format(ratio) or "-")
  end
  print(table.concat(cells) .. "  " .. unit)
end

local function heading(columns)
  local cells = { ("%-44s %12s"):format("", "tntlua") }
  for _, column in ipairs(columns) do cells[#cells + 1] = (" %12s"):format(column) end
  for _, column in ipairs(columns) do
    cells[#cells + 1] = (" %8s"):format(#columns == 1 and "ratio" or "/" .. column:match "%w+$")
  end
  print(table.concat(cells))
end

local shown -- how many columns the last heading had
for i = 2, #arg do
  local base = folder .. "/" .. arg[i]
  local programs = { assert(read(base .. ".ours")) }
  local eager, compiled = read(base .. ".eager"), read(base .. ".compiled")
  if eager then
    programs[2], programs[3] = eager, compiled
  else
    programs[2] = assert(read(base .. ".theirs"))
  end
  if shown ~= #programs then
    heading(eager and { "Torch eager", "compiled" } or { "PyTorch" })
    shown = #programs
  end
  local seen = {}
  for _, program in ipairs(programs) do -- what only they have comes last
    for _, name in ipairs(program.order) do
      if not seen[name] then
        seen[name] = true
        local values = { n = #programs }
        for k, other in ipairs(programs) do values[k] = median(other.values[name]) end
        row(arg[i] .. "/" .. name, values, program.units[name])
      end
    end
  end
end
