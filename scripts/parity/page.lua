-- Writes lua/tnt/pages/torchtnt_gen.md from spec/parity/torchtnt.lua; scripts/gen runs it, in the
-- checkout or in a copy of it.

package.path = "./?.lua;" .. package.path
local parity = require "spec.parity.torchtnt"

local function list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

local function cell(text) return (text:gsub("|", "\\|"):gsub("%s*\n%s*", " ")) end

-- Our names, each as code; of many that begin alike (events) only how many there are.
local function ours(row)
  local names = list(row.ours)
  if #names > 20 then
    return ("`%s` ... `%s` (%d)"):format(names[1], names[#names], #names)
  end
  local quoted = {}
  for i, name in ipairs(names) do quoted[i] = "`" .. name .. "`" end
  return table.concat(quoted, ", ")
end

local function proofs(row)
  local lines = {}
  for i, proof in ipairs(list(row.spec)) do
    local path, words = proof:match "^(%S+): (.*)$"
    lines[i] = ("%s: %s"):format(path:gsub("^spec/", ""):gsub("_spec%.lua$", ""), words)
  end
  return table.concat(lines, "; ")
end

local function remark(row)
  if row.absent then return "absent: " .. row.absent end
  if row.later then return "not yet: " .. row.later end
  if row.pending then return "not yet: " .. tostring(row.pending) end
  return row.note or ""
end

local lines = {
  "<!-- Generated from spec/parity/torchtnt.lua by scripts/gen: do not edit. -->",
  "# TorchTNT's capabilities, one by one", "",
  ("What TorchTNT 0.2.4 offers, in %d rows, and what stands for it here. Each name in the second "
    .. "column exists and each"):format(parity.count),
  "test in the third is there: a test holds this table to that. Paths of tests are those below "
    .. "`spec/`.",
}
for _, section in ipairs(parity.sections) do
  lines[#lines + 1] = ("\n## %s\n"):format(section.title)
  lines[#lines + 1] = "| TorchTNT | weight | here | proof | remark |"
  lines[#lines + 1] = "|---|---|---|---|---|"
  for _, row in ipairs(section.rows) do
    lines[#lines + 1] = ("| %s | %s | %s | %s | %s |"):format(cell(row[1]), cell(row[2]),
      cell(ours(row)), cell(proofs(row)), cell(remark(row)))
  end
end

lines[#lines + 1] = "\n## Methods, fields and options\n"
lines[#lines + 1] = "| TorchTNT | here | remark |"
lines[#lines + 1] = "|---|---|---|"
for _, row in ipairs(parity.fields) do
  lines[#lines + 1] = ("| %s | %s | %s |"):format(cell(row[1]), cell(ours(row)), cell(remark(row)))
end

lines[#lines + 1] = "\n## Behaviour\n"
lines[#lines + 1] = "C-n are cases of TorchTNT's own test-suite, D1 to D9 defects of its loops.\n"
lines[#lines + 1] = "| what | proof | remark |"
lines[#lines + 1] = "|---|---|---|"
for _, row in ipairs(parity.behaviour) do
  lines[#lines + 1] = ("| %s | %s | %s |"):format(cell(row[1]), cell(proofs(row)),
    cell(remark(row)))
end

local file = assert(io.open("lua/tnt/pages/torchtnt_gen.md", "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
