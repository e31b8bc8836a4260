-- Writes a file of each format into a folder, for files_check.py: luajit files_write.lua DIR; with
-- "read" as second argument reads back what files_check.py has written there and compares.

local tnt = require "tnt"

local dir, what = arg[1], arg[2]

local function tensors(with_bf16)
  local list = {
    f32 = tnt.tensor({ { 0.5, -1.25, 3 }, { 1e-3, 1e30, -0.0 } }),
    f64 = tnt.tensor({ 1 / 3, -2 }, { dtype = "f64" }),
    f16 = tnt.tensor({ 0.5, 1024, -3 }, { dtype = "f16" }), i64 = tnt.i64 { 1, -2, 4294967296 },
    i32 = tnt.tensor({ 7, -8 }, { dtype = "i32" }), u8 = tnt.u8 { 0, 255 },
    bool = tnt.tensor { true, false, true }, scalar = tnt.tensor(2.5), empty = tnt.zeros(0, 3),
  }
  if with_bf16 then list.bf16 = tnt.tensor({ 0.5, -1.5, 256 }, { dtype = "bf16" }) end
  return list
end

local function equal(a, b, place)
  assert(a.dtype == b.dtype, ("%s: dtype %s, expected %s"):format(place, b.dtype, a.dtype))
  assert(table.concat(a.shape, ",") == table.concat(b.shape, ","), place .. ": sizes differ")
  local x, y = a:double():contiguous(), b:double():contiguous()
  assert(x:numel() == 0 or x:eq(y):all():item(), place .. ": elements differ")
end

local function equal_all(expected, found, place)
  for name, x in tnt.pairs(expected) do
    assert(found[name], place .. ": no " .. name)
    equal(x, found[name], place .. ": " .. name)
  end
end

if what ~= "read" then
  tnt.save(dir .. "/ours.h5", { net = tensors(true), step = 12, rate = 0.1, name = "größe",
    on = true, list = { 1, 2.5, 3 }, nested = { { x = 1 }, "two" }, bytes = "a\0b" })
  tnt.save(dir .. "/ours.safetensors", tensors(true))
  tnt.save(dir .. "/ours.npz", tensors())
  tnt.save(dir .. "/ours.npy", tensors().f32:t())
else
  local found = tnt.load(dir .. "/theirs.h5")
  equal_all(tensors(), found.net, "h5py")
  assert(found.rate == 0.1 and found.name == "größe" and found.on == true, "h5py: values differ")
  equal_all(tensors(), tnt.load(dir .. "/theirs.safetensors"), "safetensors")
  for _, name in ipairs { "theirs.npz", "theirs_packed.npz" } do
    equal_all(tensors(), tnt.load(dir .. "/" .. name), name)
  end
  equal(tensors().f32, tnt.load(dir .. "/theirs.npy"), "npy")
  equal(tensors().f32, tnt.load(dir .. "/theirs_fortran.npy"), "npy, Fortran order")
  print "read: equal"
end
