-- The device whose work a duration has to wait for: tnt.cuda where there is one.

---@return table|nil cuda
---@return string|nil why  there is none
return function()
  local ok, cuda = pcall(require, "tnt.cuda")
  if not ok then return nil, tostring(cuda) end
  local available, why = cuda.is_available()
  return available and cuda or nil, why
end
