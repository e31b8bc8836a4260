-- The card that specs of kernels run on: a real one where there is a driver, else the emulated one
-- (spec/cuda/emulator) where the build made it. To be required before anything asks for a card.
local ffi = require "ffi"
local tnt = require "tnt"

pcall(ffi.cdef, "int setenv(const char *name, const char *value, int overwrite);")

local card = {}

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local emulated = ("%s/lib/tnt/emulated/libtnt_cuda.so"):format(os.getenv "TNT_BUILD" or "build")
local driver = os.getenv "TNT_CUDA_LIBRARY" ~= nil or pcall(ffi.load, "libcuda.so.1")
if not driver and exists(emulated) then
  ffi.C.setenv("TNT_CUDA_LIBRARY", emulated, 0)
end

--- Whether the card is the emulated one.
function card.emulated() return tnt.cuda.name():find "^Emulated" ~= nil end

--- Whether freed memory of the card is kept (TNT_CUDA_CACHE); else the driver is asked each time.
function card.caches() return os.getenv "TNT_CUDA_CACHE" ~= "none" end

--- How often the host waited for all that was on a stream of the emulated card, or on the card;
--- waiting for an event does not count.
function card.waits() return tonumber(card.emulator().emulator_waits()) end

--- How many pieces of work lie on the streams of the emulated cards, undone.
function card.pending() return tonumber(card.emulator().emulator_pending()) end

--- How many events the emulated cards have made, those that were freed included.
function card.events_made() return tonumber(card.emulator().emulator_events_made()) end

--- How many products cuBLASLt's emulation has been asked for with an epilogue, a number of its own.
function card.products(epilogue) return tonumber(card.emulator().emulator_products(epilogue)) end

local library
function card.emulator()
  if not library then
    ffi.cdef [[
      int64_t emulator_waits(void); int64_t emulator_pending(void);
      int64_t emulator_events_made(void); int64_t emulator_products(int32_t epilogue);
    ]]
    library = ffi.load(os.getenv "TNT_CUDA_LIBRARY")
  end
  return library
end

--- Whether there is a card; else declares one pending test for the file.
---@param what string  that the file is about
---@return boolean
function card.available(what)
  local there, reason = tnt.cuda.is_available()
  if there then return true end
  local busted = getfenv(2) -- a spec's own: what it requires does not see its functions
  busted.describe(what .. " #cuda", function()
    busted.it("run on a card", function() busted.pending("there is no card: " .. reason) end)
  end)
  return false
end

return card
