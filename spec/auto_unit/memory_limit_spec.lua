-- A real end of memory: a limit on the address space of a process, within which a step has no room
-- for its batch.

local process = require "spec.cli.process"

describe("a process whose memory ends", function()
  teardown(process.cleanup)

  -- An address space with room for a part of what the step makes.
  local script = [[
    local tnt = require "tnt"
    local ffi = require "ffi"
    ffi.cdef "typedef struct { unsigned long cur, max; } limit; int setrlimit(int, const limit *);"
    local AS, CPU = 9, 0
    local nn, optim = tnt.nn, tnt.optim
    tnt.seed(1)
    local net = nn.Sequential {nn.Linear(4, 2048), nn.Tanh(), nn.Linear(2048, 2)}
    local unit = tnt.AutoUnit {
      net, out_of_memory = "halve", optimizer = optim.SGD(net:parameters(), {lr = 0.1}),
      compute_loss = function(self, _, b)
        return nn.functional.cross_entropy(self.module(b.x), b.y)
      end,
    }
    local batches = {}
    for i = 1, 2 do
      batches[i] = {x = tnt.randn(16384, 4), y = tnt.randint(0, 2, {16384})}
    end
    -- OpenBLAS takes its memory now: where it gets none, it tries for ever. If it should, the limit
    -- on processor seconds ends that.
    net(tnt.randn(64, 4)):sum():backward()
    unit.optimizer:zero_grad()
    if arg[1] == "limited" then
      assert(ffi.C.setrlimit(CPU, ffi.new("limit", 120, 120)) == 0)
      local file = io.open "/proc/self/statm"
      local bytes = file:read "*n" * 4096
      file:close()
      local limit = ffi.new("limit", bytes + 3e8, bytes + 3e8)
      assert(ffi.C.setrlimit(AS, limit) == 0)
    end
    local r = tnt.train(unit, {train_dataloader = batches, max_epochs = 1, bar = false})
    print(("%.6f %.4f %s"):format(r.metrics["train/loss"], net[3].weight:norm():item(),
      tostring(unit.micro_batch_size)))
  ]]

  local function run(word)
    local out, err, status = process.run({ process.file(script), word },
      { env = "OMP_NUM_THREADS=1" })
    assert(status == 0, ("%s: status %s\n%s"):format(word, tostring(status), err))
    local loss, norm, size = out:match "(%S+) (%S+) (%S+)"
    return tonumber(loss), tonumber(norm), tonumber(size), err
  end

  it("trains on in parts, with the same outcome", function()
    if process.program:find "build%-[st]?san" then
      return pending "sanitizers reserve the whole address space"
    end
    local loss, norm, size = run "free"
    assert.is_nil(size)
    local limited_loss, limited_norm, limited_size, said = run "limited"
    assert.is_true(limited_size < 16384)
    assert.matches("out of memory in train step 1", said, 1, true)
    assert.is_true(math.abs(loss - limited_loss) < 1e-4, loss .. " and " .. limited_loss)
    assert.is_true(math.abs(norm - limited_norm) < 1e-3 * norm, norm .. " and " .. limited_norm)
  end)
end)
