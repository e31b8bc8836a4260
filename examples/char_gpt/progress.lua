-- A hook that prints a line every so many updates: loss, tokens (or images) a second, and where the
-- card's peak is known MFU, the share of it that the model's own operations take. Reading the loss
-- waits for the card, so what lies between two lines is what was computed there. Evaluations do not
-- count.

local tnt = require "tnt"
local clock = require "tnt.loop.clock"

--- Fields: total_tokens, total_seconds (of training), best (loss of an evaluation). Options:
--- every (updates), tokens (of a batch, or a function of the state), flops_per_token (nil: no MFU),
--- device, what (they are called, default "tokens"). examples/gpt2, mnist and resnet use it too.
return function(o)
  local what = o.what or "tokens"
  local is_card = o.device ~= "cpu"
  local peak = is_card and o.flops_per_token and tnt.cuda.peak_flops(o.device) or nil
  local hook = { total_tokens = 0, total_seconds = 0, best = math.huge }
  local began, tokens, updates
  io.stdout:setvbuf "line" -- lines reach a file or a pipe when they are printed

  local function rates(n, seconds)
    local speed = n / math.max(seconds, 1e-9)
    return speed, peak and 100 * speed * o.flops_per_token / peak
  end
  local function close()
    local seconds = clock.now() - began
    hook.total_tokens, hook.total_seconds = hook.total_tokens + tokens, hook.total_seconds + seconds
    began = nil
    return rates(tokens, seconds)
  end

  function hook.on_train_step_start(_, _, unit)
    if began then return end
    began, tokens, updates = clock.now(), 0, unit.train_progress.num_updates_completed
  end
  function hook.on_train_step_end(_, state, unit)
    tokens = tokens + (type(o.tokens) == "function" and o.tokens(state) or o.tokens)
    local done = unit.train_progress.num_updates_completed
    if done == updates or done % o.every ~= 0 then return end
    local loss = state.step_output.loss:item()
    local speed, mfu = close()
    print(("update %d loss %.4f %s/s %.0f%s"):format(done, loss, what, speed,
      mfu and (" MFU %.1f %%"):format(mfu) or ""))
  end
  function hook.on_eval_start()
    if not began then return end
    if is_card then tnt.cuda.synchronize(o.device) end
    close()
  end
  function hook.on_eval_end(_, state, unit)
    local loss = state.metrics["eval/loss"]
    if not loss then return end
    hook.best = math.min(hook.best, loss)
    print(("update %d val_loss %.4f best %.4f"):format(unit.train_progress.num_updates_completed,
      loss, hook.best))
  end
  function hook.on_train_end(self) if began then self.on_eval_start() end end

  --- The end of a result line: what the whole run took.
  function hook.summary(self)
    local speed, mfu = rates(self.total_tokens, self.total_seconds)
    local memory = is_card and tnt.cuda.memory(o.device).peak or tnt.memory().peak_bytes
    return ("%s_per_second=%.0f%s peak_mb=%.0f"):format(what, speed,
      mfu and (" mfu=%.1f"):format(mfu) or "", memory / 2 ^ 20)
  end
  return hook
end
