-- The kernels for every machine: those built for any x86-64 give what those for AVX2 and AVX-512
-- give, to rounding (a fused
-- multiply-add rounds once where two instructions round twice).
local precision = { f32 = 4e-6, f64 = 1e-6, f16 = 2 ^ -9, i64 = 0 } -- f64 is printed with 9 digits

local function digest(isa)
  local lua = arg and arg[-1] or "luajit"
  local pipe = assert(io.popen(("TNT_ISA=%s '%s' spec/ops/digest.lua 2>&1"):format(isa, lua)))
  local lines, order = {}, {}
  local used
  for line in pipe:lines() do
    local name, numbers = line:match "^(.-): (.*)$"
    if line:match "^isa " then used = line:match "^isa (.*)"
    else
      lines[name or line] = numbers or ""
      order[#order + 1] = name or line
    end
  end
  pipe:close()
  return used, lines, order
end

describe("kernels", function()
  it("for any machine agree with those chosen for this one", function()
    local base, slow, order = digest "base"
    assert.equal("base", base, order[1])
    assert.is_true(#order > 500, order[#order])
    for _, isa in ipairs { "avx2", "best" } do
      local used, fast, names = digest(isa)
      if used ~= "base" then -- a machine without AVX2 has nothing to compare
        assert.same(#order, #names)
        for _, name in ipairs(order) do
          local tolerance = precision[name:match "(%w+)$"]
          local want = {}
          for v in slow[name]:gmatch "%S+" do want[#want + 1] = tonumber(v) end
          local k = 0
          for text in fast[name]:gmatch "%S+" do
            k = k + 1
            local got, w = tonumber(text), want[k]
            if not (got == w or (got ~= got and w ~= w)
              or math.abs(got - w) <= tolerance * math.max(1, math.abs(w))) then
              error(("%s: element %d is %s with %s kernels, %.9g with base ones"):format(name, k,
                text, used, w))
            end
          end
          assert.equal(#want, k)
        end
      end
    end
  end)
end)
