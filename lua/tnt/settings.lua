-- Settings of the whole process.
local core = require "tnt.core"

local settings = {}

--- How many threads kernels of this thread of Lua use.
---@param n integer
function settings.set_num_threads(n) core.check(core.C.tnt_set_num_threads(n)) end

---@return integer
function settings.num_threads() return core.C.tnt_num_threads() end

--- Asks for bit-equal results in every run on one machine. The CPU's kernels always give them: sums
--- are cut into pieces that do not depend on the number of threads.
---@param on boolean
function settings.use_deterministic(on) settings.deterministic = on and true or false end

return settings
