local clock = require "tnt.loop.clock"
local message = require "tnt.loop.message"
local tnt = require "tnt"

local events = tnt.events

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.events", function()
  local seen, warnings, now, wall
  local function listen(event) seen[#seen + 1] = event end

  before_each(function()
    seen, warnings = {}, {}
    message.sink = function(_, text) warnings[#warnings + 1] = text end
    now, wall = clock.now, clock.wall
    local time = 10
    clock.now = function() time = time + 1; return time end
    clock.wall = function() return 1000 end
  end)
  after_each(function()
    events.unregister(listen)
    message.sink, clock.now, clock.wall = nil, now, wall
  end)

  it("tells events to those who registered, and to nobody else", function()
    events.log("before", { a = 1 })
    events.register(listen)
    local metadata = { a = 1 }
    events.log("one", metadata)
    events.log "two"
    assert.same({
      { name = "one", time = 1000, rank = 0, metadata = { a = 1 } },
      { name = "two", time = 1000, rank = 0, metadata = {} },
    }, seen)
    assert.is_true(events.unregister(listen))
    assert.is_false(events.unregister(listen))
    events.log "three"
    assert.equal(2, #seen)
    assert.same({ a = 1 }, metadata)
  end)

  it("tells both ends of an interval, with one id", function()
    events.register(listen)
    local a, b, c = events.interval("save", { path = "x" }, function(...)
      events.interval("inner", nil, function() end)
      return ...
    end, 1, nil, 3)
    assert.same({ 1, nil, 3 }, { a, b, c })
    local names = {}
    for i, event in ipairs(seen) do names[i] = event.name .. " " .. event.metadata.action end
    assert.same({ "save start", "inner start", "inner end", "save end" }, names)
    local first, last = seen[1].metadata, seen[4].metadata
    assert.equal(first.id, last.id)
    assert.equal(seen[2].metadata.id, seen[3].metadata.id)
    assert.not_equal(first.id, seen[2].metadata.id)
    assert.same({ "x", "x" }, { first.path, last.path })
    assert.is_nil(first.seconds)
    assert.equal(3, last.seconds)
    assert.is_nil(last.error)
  end)

  it("tells the end of an interval that fails, and raises its error as it was", function()
    events.register(listen)
    local err = failure(events.interval, "load", nil, function()
      tnt.errors.raise("io", "no such file")
    end)
    assert.equal("io", err.kind)
    assert.equal("end", seen[2].metadata.action)
    assert.matches("no such file", seen[2].metadata.error)
  end)

  it("keeps a handler's errors from the program, and from other handlers", function()
    local function broken() error "boom" end
    events.register(broken)
    events.register(listen)
    events.log "x"
    events.unregister(broken)
    assert.equal(1, #seen)
    assert.equal(1, #warnings)
    assert.matches("a handler of 'x' failed: .*boom", warnings[1])
  end)

  it("takes objects with handle_event, and handlers that leave while they are called", function()
    local object = { n = 0 }
    function object:handle_event(event)
      self.n, self.name = self.n + 1, event.name
      events.unregister(self)
    end
    events.register(object)
    events.register(listen)
    events.log "a"
    events.log "b"
    assert.same({ 1, "a", 2 }, { object.n, object.name, #seen })
  end)

  it("refuses what is no event and no handler", function()
    assert.equal("argument", failure(events.register, "x").kind)
    assert.equal("argument", failure(events.register, {}).kind)
    events.register(listen)
    assert.equal("state", failure(events.register, listen).kind)
    assert.equal("argument", failure(events.log, 5).kind)
    assert.equal("argument", failure(events.log, "x", "y").kind)
    assert.matches("interval%(name, nil, fn%)",
      failure(events.interval, "x", {}).message)
    assert.equal("argument", failure(events.interval, "x", print).kind)
  end)
end)
