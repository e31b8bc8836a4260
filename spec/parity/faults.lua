-- What is wrong with the parity table (spec/parity/torchtnt.lua), as a list of sentences: a name
-- that does not exist, a proof that is no test, a row without either, a row that is missing.
-- scripts/check prints them.

local names = require "spec.parity.names"

local read = {} -- spec file -> its text, false where there is none
local function text_of(path)
  if read[path] == nil then
    local file = io.open(path)
    read[path] = file and file:read "*a" or false
    if file then file:close() end
  end
  return read[path]
end

-- Whether a spec has a test or a group of tests whose name begins with these words.
local function has_test(text, words)
  for _, quote in ipairs { '"', "'" } do
    for _, call in ipairs { "it", "describe" } do
      for _, open in ipairs { " ", "(" } do
        local at = text:find(call .. open .. quote .. words, 1, true)
        if at and not text:sub(at - 1, at - 1):find "[%w_]" then return true end
      end
    end
  end
  return false
end

local function proof_fault(proof)
  local path, words = proof:match "^(spec/[%w_/]+_spec%.lua): (.+)$"
  if not path then return "is not written 'spec/..._spec.lua: words a test begins with'" end
  local text = text_of(path)
  if not text then return "names a file that does not exist" end
  if not has_test(text, words) then return "names no test of that file" end
end

local function list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

local function row_faults(where, row, report)
  for _, name in ipairs(list(row.ours)) do
    local fault = names.fault(name)
    if fault then report("%s: %s %s", where, name, fault) end
  end
  for _, proof in ipairs(list(row.spec)) do
    local fault = proof_fault(proof)
    if fault then report("%s: the proof '%s' %s", where, proof, fault) end
  end
  if row.pending then
    report("%s: not done yet: %s", where, tostring(row.pending))
  elseif row.absent or row.later then
    if row.ours or row.spec then report("%s: absent, and yet it has a name or a proof", where) end
  elseif not (row.ours and row.spec) then
    report("%s: a row has our names and their proofs, or the reason why it is absent", where)
  end
end

--- All faults of a table; an empty list when it holds.
---@param parity table
---@return string[]
return function(parity)
  local found, weights, total = {}, {}, 0
  local function report(fmt, ...) found[#found + 1] = fmt:format(...) end
  for _, section in ipairs(parity.sections) do
    if #section.rows ~= section.count then
      report("section %s has %d rows, the reference %d", section.title, #section.rows,
        section.count)
    end
    for i, row in ipairs(section.rows) do
      local where = ("%s, row %d (%s)"):format(section.title, i, tostring(row[1]):sub(1, 40))
      local weight = tostring(row[2]):match "^%l+"
      weights[weight] = (weights[weight] or 0) + 1
      total = total + 1
      row_faults(where, row, report)
    end
  end
  for _, row in ipairs(parity.behaviour or {}) do
    local where = ("behaviour (%s)"):format(row[1])
    row_faults(where, { ours = {}, spec = row.spec }, report)
  end
  for _, row in ipairs(parity.fields or {}) do -- names alone; proofs are those of the capabilities
    if not (row.ours or row.absent or row.later) then
      report("fields (%s): neither our name nor a reason", row[1])
    end
    for _, name in ipairs(list(row.ours)) do
      local fault = names.fault(name)
      if fault then report("fields (%s): %s %s", row[1]:sub(1, 40), name, fault) end
    end
  end
  for weight, count in pairs(parity.weights) do -- order: free
    if weights[weight] ~= count then
      report("%d rows are marked %s, in the reference %d", weights[weight] or 0, weight, count)
    end
  end
  if total ~= parity.count then report("%d rows, the reference has %d", total, parity.count) end
  table.sort(found)
  return found
end
