-- What is wrong with the documentation: public functions without it, names and proofs of the parity
-- table that do not exist. scripts/check docs runs it with the built library in place.

local found = require "spec.documented"()
for _, fault in ipairs(require "spec.parity.faults"(require "spec.parity.torchtnt")) do
  found[#found + 1] = "spec/parity/torchtnt: " .. fault
end
for _, fault in ipairs(found) do print(fault) end
os.exit(#found == 0 and 0 or 1)
