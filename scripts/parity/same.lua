-- Whether two recorded references say the same, numbers but for rounding: luajit
-- scripts/parity/same.lua RECORDED NEW; prints where they differ first.

local function first_difference(a, b, where)
  if type(a) ~= type(b) then return ("%s: %s, now %s"):format(where, tostring(a), tostring(b)) end
  if type(a) == "table" then
    for key, value in pairs(a) do -- order: free, any difference will do
      local found = first_difference(value, b[key], where .. "." .. tostring(key))
      if found then return found end
    end
    for key in pairs(b) do -- order: free
      if a[key] == nil then return ("%s.%s: is new"):format(where, tostring(key)) end
    end
  elseif type(a) == "number" then
    local near = a == b or a ~= a and b ~= b
      or math.abs(a - b) <= 1e-6 * math.max(1, math.abs(a))
    if not near then return ("%s: %.17g, now %.17g"):format(where, a, b) end
  elseif a ~= b then
    return ("%s: %s, now %s"):format(where, tostring(a), tostring(b))
  end
end

local found = first_difference(dofile(arg[1]), dofile(arg[2]), arg[1])
if found then print(found) end
os.exit(found and 1 or 0)
