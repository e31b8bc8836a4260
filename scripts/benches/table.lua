-- Prints the table of scripts/bench from lines "name value unit": medians of ours and theirs, and
-- the ratio.
local folder = arg[1]

local function read(path)
  local order, values, units = {}, {}, {}
  for line in io.lines(path) do
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
  return order, values, units
end

local function median(list)
  if not list then return nil end
  table.sort(list)
  local n = #list
  return n % 2 == 1 and list[(n + 1) / 2] or (list[n / 2] + list[n / 2 + 1]) / 2
end

print(("%-44s %12s %12s %8s"):format("", "tntlua", "PyTorch", "ratio"))
for i = 2, #arg do
  local order, ours, units = read(folder .. "/" .. arg[i] .. ".ours")
  local their_order, theirs, their_units = read(folder .. "/" .. arg[i] .. ".theirs")
  for _, name in ipairs(order) do
    local a, b = median(ours[name]), median(theirs[name])
    print(("%-44s %12.4g %12s %8s  %s"):format(arg[i] .. "/" .. name, a,
      b and ("%.4g"):format(b) or "-",
      b and ("%.2f"):format(a / b) or "-", units[name]))
  end
  for _, name in ipairs(their_order) do -- what only they have: other programs in the same run
    if not ours[name] then
      print(("%-44s %12s %12.4g %8s  %s"):format(arg[i] .. "/" .. name, "-", median(theirs[name]),
        "-", their_units[name]))
    end
  end
end
