local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local bar_line = require "tnt.hooks.bar_line"
local fit = require "tnt.fit"
local hooks = require "tnt.hooks"
local predict = require "tnt.predict"
local terminal = require "tnt.log.terminal"
local train = require "tnt.train"

local ProgressBar = hooks.ProgressBar

-- ---- a terminal as far as the bar needs one ---------------------------------------------------

local screen -- {columns, lines, x, waits (behind the last column)}

local function new_screen(columns)
  screen = { columns = columns, lines = { {} }, x = 1, waits = false, writes = 0, raw = "" }
end

local function line_feed()
  screen.lines[#screen.lines + 1] = {}
  screen.x, screen.waits = 1, false
end

local function put(character)
  if screen.waits then line_feed() end
  screen.lines[#screen.lines][screen.x] = character
  if screen.x == screen.columns then screen.waits = true else screen.x = screen.x + 1 end
end

local function show(text)
  screen.writes, screen.raw = screen.writes + 1, screen.raw .. text
  local at = 1
  while at <= #text do
    local colour = text:match("^\27%[[%d;]*m", at)
    if colour then
      at = at + #colour
    elseif text:sub(at, at + 2) == "\27[K" then
      local line = screen.lines[#screen.lines]
      for x = screen.x, screen.columns do line[x] = nil end
      at = at + 3
    else
      local character = text:match("^[^\128-\191][\128-\191]*", at)
      assert(character ~= "\27", "an escape sequence that nobody knows")
      if character == "\r" then
        screen.x, screen.waits = 1, false
      elseif character == "\n" then
        line_feed()
      else
        put(character)
      end
      at = at + #character
    end
  end
end

local function lines()
  local list = {}
  for i, cells in ipairs(screen.lines) do
    local text = {}
    for x = 1, screen.columns do text[x] = cells[x] or " " end
    list[i] = table.concat(text):gsub("%s+$", "")
  end
  if list[#list] == "" then list[#list] = nil end
  return list
end

-- What a program prints.
local function user_prints(text) show(text .. "\n") end

-- ---- runs -------------------------------------------------------------------------------------

local function unit(seconds, fields)
  local given = {
    in_train_step = function(self, state)
      scratch.time = scratch.time + seconds
      state:log("loss", 8 / (self.train_progress.num_steps_completed + 1))
      state:log("acc", 0.5)
    end,
    in_eval_step = function(_, state)
      scratch.time = scratch.time + seconds
      state:log("loss", 0.25)
    end,
    in_predict_step = function() scratch.time = scratch.time + seconds end,
  }
  for name, value in pairs(fields or {}) do given[name] = value end -- order: free
  return rig.unit(nil, given)
end

local function on_terminal(options)
  options = options or {}
  options.form = "terminal"
  return ProgressBar(options)
end

describe("ProgressBar", function()
  local original = {}
  for name, fn in pairs(terminal) do original[name] = fn end -- order: free

  before_each(function()
    rig.reset()
    new_screen(100)
    terminal.write = show
    terminal.columns = function() return screen.columns end
    terminal.is_utf8 = function() return false end
    terminal.has_colours = function() return false end
  end)
  after_each(function()
    terminal.clear()
    for name, fn in pairs(original) do terminal[name] = fn end -- order: free
  end)

  it("leaves a line for each epoch, evaluations in their place", function()
    fit(unit(1), {
      train_dataloader = rig.batches(4), eval_dataloader = rig.batches(2), max_epochs = 2,
      evaluate_every_n_steps = 6, hooks = { on_terminal() }, bar = false,
    })
    assert.same({
      "train 1/2 100% 4/4 0:04 1.0 it/s loss 4.167 acc 0.5",
      "eval at 4 100% 2/2 0:02 1.0 it/s loss 0.25",
      "eval at 6 100% 2/2 0:02 1.0 it/s loss 0.25",
      "train 2/2 100% 4/4 0:04 1.0 it/s loss 1.269 acc 0.5",
      "eval at 8 100% 2/2 0:02 1.0 it/s loss 0.25",
    }, lines())
  end)

  it("redraws one line in place, with what is known of a running epoch", function()
    local seen = {}
    train(unit(2), {
      train_dataloader = rig.batches(8), max_epochs = 3, max_steps_per_epoch = 5, bar = false,
      hooks = { on_terminal(), {
        priority = 100,
        on_train_step_end = function(_, state)
          if state.progress.num_steps_completed == 3 then seen = lines() end
        end,
      } },
    })
    -- The value shown is that of the step before the last finished one, as hooks see it.
    assert.same({ "train 1/3 [=======================>----------------]"
      .. "  60% 3/5 0:06 ETA 0:04 2.00 s/it loss 8 acc 0.5" }, seen)
    assert.equal(3, #lines())
  end)

  it("never lets what others print run into it", function()
    train(unit(1, {
      on_train_step_end = function(self)
        local n = self.train_progress.num_steps_completed
        if n == 2 or n == 4 then user_prints("step " .. n) end
      end,
      on_train_epoch_end = function() user_prints "epoch over" end,
    }), {
      train_dataloader = rig.batches(4), max_epochs = 1, hooks = { on_terminal() }, bar = false,
    })
    local shown = lines()
    assert.truthy(shown[1]:find "^train 1/1 %[.*25%% 1/4")
    assert.equal("step 2", shown[2])
    assert.truthy(shown[3]:find "^train 1/1 %[.*75%% 3/4")
    assert.same({ "step 4", "epoch over" }, { shown[4], shown[5] })
    assert.truthy(shown[6]:find "^train 1/1 100%% 4/4")
    assert.equal(6, #shown)
  end)

  it("goes when asked to, and comes back", function()
    local bar = on_terminal()
    train(unit(1, {
      on_train_step_end = function(self)
        if self.train_progress.num_steps_completed == 2 then
          ProgressBar.clear()
          user_prints "hello"
        end
      end,
    }), { train_dataloader = rig.batches(3), max_epochs = 1, hooks = { bar }, bar = false })
    local shown = lines()
    assert.equal("hello", shown[1])
    assert.truthy(shown[2]:find "^train 1/1 100%% 3/3")
  end)

  it("draws at most every interval, however many steps there are", function()
    train(unit(0.001), {
      train_dataloader = rig.batches(1000), max_epochs = 1, hooks = { on_terminal() }, bar = false,
    })
    -- 1 second: the start, the first step, 10 intervals, the end; a clear and a line each.
    assert.is_true(screen.writes >= 11 and screen.writes <= 15, tostring(screen.writes))
    assert.equal(1, #lines())
  end)

  it("shows completion also where the loader's length is not known", function()
    train(unit(1), {
      train_dataloader = function()
        local n = 0
        return function()
          n = n + 1
          return n <= 3 and n or nil
        end
      end,
      max_epochs = 1, hooks = { on_terminal() }, bar = false,
    })
    assert.same({ "train 1/1 3 steps 0:03 1.0 it/s loss 4.889 acc 0.5" }, lines())
  end)

  it("counts towards max_steps, and from where a resumed run stands", function()
    local resumed = unit(1)
    for _ = 1, 5 do resumed.train_progress:increment_step() end
    local first
    train(resumed, {
      train_dataloader = rig.batches(20), max_steps = 8, bar = false,
      hooks = { on_terminal(), {
        on_train_get_next_batch_start = function() first = first or lines() end,
      } },
    })
    assert.truthy(first[1]:find "^train 1 %[.*%]  62%% 5/8 0:00$")
    -- 3 of the 8 steps were done here, in 3 seconds.
    assert.truthy(lines()[1]:find "^train 1 100%% 8/8 0:03 1.0 it/s")
  end)

  it("leaves a line that says how far a run came that failed", function()
    local err = scratch.failure(fit, unit(1, {
      in_eval_step = function(self)
        if self.eval_progress.num_steps_completed == 2 then error "boom" end
      end,
    }), {
      train_dataloader = rig.batches(4), eval_dataloader = rig.batches(4), max_epochs = 1,
      evaluate_every_n_steps = 3, hooks = { on_terminal() }, bar = false,
    })
    assert.truthy(tostring(err):find "boom")
    assert.same({ "eval at 3  50% 2/4 0:00", "train 1/1  75% 3/4 0:03 1.0 it/s" }, lines())
    new_screen(100)
    scratch.failure(train, unit(1, { on_train_epoch_end = function() error "late" end }), {
      train_dataloader = rig.batches(4), max_epochs = math.huge, hooks = { on_terminal() },
      bar = false,
    })
    assert.same({ "train 1 100% 4/4 0:04 1.0 it/s" }, lines())
  end)

  it("does not count an evaluation's time as the training's around it", function()
    local seen
    fit(unit(1), {
      train_dataloader = rig.batches(6), eval_dataloader = { val = rig.batches(50) },
      max_epochs = 1, evaluate_every_n_steps = 4, evaluate_every_n_epochs = 0, bar = false,
      hooks = { on_terminal(), {
        priority = 100,
        on_train_step_end = function(_, state)
          if state.progress.num_steps_completed == 5 then seen = lines() end
        end,
      } },
    })
    assert.truthy(seen[1]:find "^val at 4 100%% 50/50 0:50 1.0 it/s")
    assert.truthy(seen[2]:find "^train 1/1 %[.*5/6 0:05 ETA 0:01 1.0 it/s")
  end)

  it("follows a change of speed within seconds", function()
    local seen
    local slow = unit(0, {
      in_train_step = function(self)
        local n = self.train_progress.num_steps_completed
        scratch.time = scratch.time + (n < 100 and 1 or 0.1)
      end,
    })
    train(slow, {
      train_dataloader = rig.batches(1000), max_epochs = 1, bar = false,
      hooks = { on_terminal(), {
        priority = 100,
        on_train_step_end = function(_, state)
          if state.progress.num_steps_completed == 151 then seen = lines()[1] end
        end,
      } },
    })
    -- After 5.1 s, a time constant being 5 s: 1 + (10 - 1) * (1 - exp(-1.02)).
    local rate = tonumber(seen:match "([%d.]+) it/s")
    assert.is_true(math.abs(rate - 6.75) < 0.2, seen)
  end)

  it("counts waiting for batches as time, too", function()
    train(unit(0), {
      train_dataloader = function()
        local n = 0
        return function()
          n, scratch.time = n + 1, scratch.time + 1
          return n <= 9 and n or nil
        end
      end,
      max_epochs = 1, bar = false, hooks = { on_terminal { interval = 3 } },
    })
    -- Start, steps 1, 4, 7; the end clears and writes.
    assert.equal(6, screen.writes)
  end)

  it("keeps the bar's width steady while numbers change theirs", function()
    local widths = {}
    local values = { 0.5, 0.12345, 0.5, 0.5, 0.5, 0.5 }
    screen.columns = 60
    train(unit(1, {
      in_train_step = function(self, state)
        scratch.time = scratch.time + 1
        state:log("loss", values[self.train_progress.num_steps_completed + 1])
      end,
    }), {
      train_dataloader = rig.batches(6), max_epochs = 1, bar = false,
      hooks = { on_terminal { metrics = { "loss" } }, {
        priority = 100,
        on_train_step_start = function(_, state)
          if state.progress.num_steps_completed ~= 4 then return end
          ProgressBar.clear()
          screen.columns = 80
        end,
        on_train_step_end = function(_, state)
          if state.last_batch then return end
          table.insert(widths, #lines()[1]:match "%[(.*)%]")
        end,
      } },
    })
    for n = 2, 4 do assert.is_true(widths[n] <= widths[n - 1]) end
    assert.is_true(widths[5] > widths[4]) -- in the wider terminal
  end)

  it("shows the metrics asked for, loss first otherwise", function()
    train(unit(1), {
      train_dataloader = rig.batches(2), max_epochs = 1, bar = false,
      hooks = { on_terminal { metrics = { "acc" } } },
    })
    assert.same({ "train 1/1 100% 2/2 0:02 1.0 it/s acc 0.5" }, lines())
  end)

  it("leaves nothing behind when asked to", function()
    local left = 3
    predict(unit(1), {
      predict_dataloader = function()
        return function()
          left = left - 1
          return left >= 0 and left or nil
        end
      end,
      hooks = { on_terminal { leave = false } }, bar = false,
    })
    assert.same({}, lines())
    assert.truthy(screen.raw:find("predict 3 steps 0:03", 1, true))
  end)

  describe("in a file", function()
    local function written(seconds, steps, options)
      options = options or {}
      options.form = "file"
      train(unit(seconds), {
        train_dataloader = rig.batches(steps), max_epochs = 1, bar = false,
        hooks = { ProgressBar(options) },
      })
      assert.is_nil(screen.raw:find "[\27\r]")
      return screen.raw
    end

    it("writes complete lines now and then", function()
      assert.equal("train 1/1: 37% 3/8, 0:36 ETA 1:00, 12.00 s/it, loss 8, acc 0.5\n"
        .. "train 1/1: 75% 6/8, 1:12 ETA 0:24, 12.00 s/it, loss 2, acc 0.5\n"
        .. "train 1/1: 100% 8/8, 1:36, 12.00 s/it, loss 2.718, acc 0.5\n", written(12, 8))
    end)

    it("writes one line for a short epoch, and no more than a line a percent for a long one",
      function()
        assert.equal("train 1/1: 100% 3/3, 0:00, 10.0 it/s, loss 4.889, acc 0.5\n",
          written(0.1, 3))
        new_screen(100)
        local _, n = written(7, 1000):gsub("\n", "")
        assert.is_true(n > 80 and n <= 101, tostring(n)) -- 7000 s would be 233 lines of 30 s
      end)
  end)

  it("shows once, also where the loop adds one to the user's", function()
    train(unit(1), {
      train_dataloader = rig.batches(2), max_epochs = 1, bar = true,
      hooks = { on_terminal { metrics = { "acc" } } },
    })
    assert.same({ "train 1/1 100% 2/2 0:02 1.0 it/s acc 0.5" }, lines())
    new_screen(100)
    terminal.is_terminal = function() return true end
    train(unit(1), { train_dataloader = rig.batches(2), max_epochs = 1, bar = true })
    assert.same({ "train 1/1 100% 2/2 0:02 1.0 it/s loss 6 acc 0.5" }, lines())
  end)

  it("is rank 0's", function()
    local before = package.loaded["tnt.dist"]
    for rank = 0, 1 do
      package.loaded["tnt.dist"] = {
        rank = function() return rank end, size = function() return 2 end,
      }
      new_screen(100)
      fit(unit(1), {
        train_dataloader = rig.batches(2), eval_dataloader = rig.batches(1), max_epochs = 1,
        hooks = { on_terminal() }, bar = false,
      })
      assert.equal(rank == 0, screen.writes > 0)
    end
    package.loaded["tnt.dist"] = before
  end)

  it("takes the form that stderr has, unless told", function()
    for _, case in ipairs {
      { true, nil, true }, { false, nil, false }, { true, "file", false },
      { false, "terminal", true },
    } do
      terminal.is_terminal = function() return case[1] end
      local bar = ProgressBar { form = case[2] }
      bar:on_run_start { loop = { hooks = { bar } } }
      assert.equal(case[3], bar.is_terminal)
    end
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs {
      { interval = -1 }, { file_interval = "5" }, { form = "html" }, { metrics = "loss" },
    } do
      assert.equal("argument", scratch.failure(ProgressBar, options).kind)
    end
  end)
end)

describe("bar_line", function()
  local info = {
    title = "train 3/10", done = 210, total = 469, rate = 78.13, elapsed = 2.7,
    metrics = { { "loss", 0.32114 }, { "acc", 0.9 }, { "grad_norm", 12345.678 } },
  }
  local ascii, utf8 = { utf8 = false }, { utf8 = true, colours = true }

  it("never gets wider than the terminal, and gives up the least important first", function()
    for columns = 1, 250 do
      for _, style in ipairs { ascii, utf8, { utf8 = true, final = true } } do
        local text = bar_line.drawn(info, columns, style)
        assert.is_true(terminal.width(text) <= columns)
        if columns >= 24 then assert.truthy(text:find("train 3/10 ", 1, true)) end
        if columns >= 24 then assert.truthy(text:find("44% 210/469", 1, true)) end
        if columns >= 80 then assert.truthy(text:find("loss 0.3211", 1, true)) end
        if columns >= 110 then assert.truthy(text:find("grad_norm 1.235e+04", 1, true)) end
      end
    end
    assert.equal("train 3/10 [===>------]  44% 210/469 0:03 ETA 0:03 78.1 it/s",
      (bar_line.drawn(info, 60, ascii)))
    assert.equal("train 3/10 [========>------------]  44% 210/469 0:03 ETA 0:03 78.1 it/s",
      (bar_line.drawn(info, 71, ascii)))
    local over = { title = "t 1", done = 5, total = 5, elapsed = 3, metrics = {}, rate = 2 }
    assert.equal("t 1 100% 5/5 0:03", (bar_line.drawn(over, 20, ascii)))
    assert.equal("t 1 100% 5/5", (bar_line.drawn(over, 16, ascii)))
    assert.equal("t 1 100% 5/5 0:03", (bar_line.drawn(over, 17, ascii)))
    assert.equal("t 1 10", (bar_line.drawn(over, 6, ascii)))
    assert.equal("t 1 0/0 0:03", (bar_line.drawn(
      { title = "t 1", done = 0, total = 0, elapsed = 3, metrics = {} }, 40, ascii)))
    info.widest = 12
    finally(function() info.widest = nil end)
    assert.equal("train 3/10 [====>-------]  44% 210/469 0:03 ETA 0:03 78.1 it/s",
      (bar_line.drawn(info, 71, ascii)))
  end)

  it("uses colours only where they are wanted", function()
    assert.equal("train 3/10 \27[32m━━━━\27[2;39m──────\27[0m  44% 210/469",
      (bar_line.drawn(info, 34, utf8)))
    assert.is_nil(bar_line.drawn(info, 80, { utf8 = true }):find "\27")
  end)

  it("says 100 % only when it is true", function()
    local almost = { title = "t", done = 9999, total = 10000, elapsed = 1, metrics = {} }
    assert.truthy(bar_line.plain(almost):find("99% 9999/10000", 1, true))
    almost.done = 10000
    assert.truthy(bar_line.plain(almost):find("100% 10000/10000", 1, true))
  end)

  it("writes durations and rates", function()
    local durations = { [0] = "0:00", [59.4] = "0:59", [59.6] = "1:00", [3599] = "59:59",
      [3661] = "1:01:01",
      [86399] = "23:59:59", [86400] = "1d 00:00:00", [90061] = "1d 01:01:01" }
    for seconds, text in pairs(durations) do -- order: free
      assert.equal(text, bar_line.duration(seconds))
    end
    local rates = { [0.25] = "4.00 s/it", [1] = "1.0 it/s", [99.94] = "99.9 it/s",
      [100] = "100 it/s",
      [123.4] = "123 it/s", [10000] = "10.0k it/s", [12345] = "12.3k it/s" }
    for rate, text in pairs(rates) do assert.equal(text, bar_line.rate(rate)) end -- order: free
  end)
end)
