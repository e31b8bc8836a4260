-- What TorchTNT 0.2.4 offers, one row for each of its 195 capabilities: {theirs, weight, ours =
-- names, spec = proofs, note = what differs}, or absent = why it has no counterpart, or later =
-- what it waits for. lua/tnt/pages/torchtnt_gen.md is made of it; spec/parity/torchtnt_spec.lua and
-- scripts/check hold every name and every proof to what there is.

local sections = {
  { file = "loops", title = "Entry points and loops", count = 26 },
  { file = "units", title = "Units and what is saved of them", count = 16 },
  { file = "callbacks", title = "Callbacks: the mechanism", count = 6 },
  { file = "hooks", title = "Callbacks that come with it", count = 23 },
  { file = "auto_unit", title = "AutoUnit", count = 22 },
  { file = "checkpoints", title = "Checkpoints", count = 15 },
  { file = "data", title = "Data", count = 11 },
  { file = "loggers", title = "Loggers", count = 10 },
  { file = "environment", title = "Devices, environment, seeds", count = 8 },
  { file = "processes", title = "Several processes", count = 15 },
  { file = "strategies", title = "Preparing a module", count = 12 },
  { file = "measuring", title = "Progress, timing, profiling", count = 15 },
  { file = "small", title = "Safety nets and small things", count = 16 },
}
for _, section in ipairs(sections) do
  section.rows = require("spec.parity.torchtnt." .. section.file)
end

-- How many rows of each weight there are: must have, should have, of use to few.
return {
  sections = sections, behaviour = require "spec.parity.torchtnt.behaviour",
  fields = require "spec.parity.torchtnt.fields", count = 195,
  weights = { must = 88, should = 66, niche = 41 },
}
