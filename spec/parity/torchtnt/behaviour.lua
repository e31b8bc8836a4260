-- What TorchTNT's loops, units and checkpoints do, and where that is held here: {what, spec, note}.
-- C-n are the cases of its own test-suite; D1 to D9 its defects, with what is done instead. Held
-- to by spec/parity/torchtnt_spec.lua, shown on the page torchtnt-table.

local function at(path)
  return function(words) return ("spec/%s_spec.lua: %s"):format(path, words) end
end
local train, fit, evaluate = at "train", at "fit", at "evaluate"
local engine, snapshot, auto = at "loop/engine", at "loop/snapshot", at "auto_unit"
local runs, saves = at "parity/auto_unit_runs", at "parity/checkpoint_runs"
local defects = at "parity/defects"
local behaviour, hooks = at "parity/behaviour", at "hooks/checkpoint"
local trace = "spec/loop/torchtnt_spec.lua: as in TorchTNT:"

return {
  { "order of all calls in 50 runs of the four functions", spec = trace },
  { "the loop as written in the docstring of train", spec = train "names every event" },
  { "counters in steps and hooks", spec = train "shows hooks the counters" },
  { "timers: which samples there are when", spec = behaviour "times every batch and step once" },
  { "C-1 epochs, steps and modes", spec = train "counts epochs and steps" },
  { "C-3 max_steps, max_epochs", spec = train "ends at max_steps, or at max_epochs before it" },
  { "limits count what was done before", spec = behaviour "goes on towards the same total" },
  { "restored steps count in the open epoch",
    spec = behaviour "counts restored steps of an open epoch" },
  { "limit reached before the first epoch",
    spec = train "runs no epoch when the limit is reached" },
  { "C-5 how often hooks are called", spec = train "calls each hook as often as TorchTNT does" },
  { "C-7 one evaluation", spec = { evaluate "makes one pass without gradients",
    evaluate "ends at its limit, and when it is stopped" } },
  { "evaluations count epochs", spec = behaviour "counts an epoch for each evaluation" },
  { "C-9 evaluation every n steps of the total",
    spec = fit "evaluates every n steps of the total" },
  { "intervals set while running act from the next epoch on",
    spec = fit "takes intervals that a hook sets" },
  { "stop in a step, an evaluation, a start event", spec = { fit "closes the epoch as if done",
    fit "within an evaluation ends that", fit "in on_train_start means no epoch" } },
  { "C-11 an error in an evaluation", spec = engine "comes out as it was",
    note = "modes, gradients and the collector are put back, too" },
  { "an interruption", spec = engine "lets the step finish, leaves the epoch open",
    note = "TorchTNT calls no hook; here the step is finished, saved, and the status tells" },
  { "C-13 a prediction that is done", spec = snapshot "when complete warns and does nothing",
    note = "of a resumed one only" },
  { "C-15 steps that take the iterator", spec = train "gives a step that wants it the iterator" },
  { "C-17 progress saved and loaded", spec = at "progress" "counts steps and epochs" },
  { "C-19 why an epoch ended", spec = train "remarks why an epoch ended" },
  { "warning of an empty epoch", spec = train "warns for each epoch without steps" },
  { "C-21 schedules by step and by epoch", spec = { auto "steps schedules by update",
    runs "does the same steps" } },
  { "order within a step: backward, clip, update, clear, schedule",
    spec = { auto "clips by norm, then by value", runs "does the same steps" } },
  { "C-23 last batch", spec = { train "knows the last batch by the loader's size",
    runs "does the same steps" } },
  { "C-25 wrong options", spec = auto "refuses wrong options at construction" },
  { "C-27 averages", spec = { runs "gives the same averages", runs "does the same steps" } },
  { "C-29 saves every n steps", spec = { saves "are written at the same steps",
    hooks "saves every n train steps" } },
  { "C-31 saves in evaluations and predictions", spec = {
    at "checkpoint/pass" "are taken every n steps, none at the end",
    at "checkpoint/pass" "are taken every n steps and at its end" },
    note = "kept all, in folders of their own beside the training's" },
  { "C-33 no second save when training ends", spec = { hooks "does not save twice",
    at "checkpoint/pass" "are taken every n eval epochs" } },
  { "C-35 keep the last n", spec = { hooks "keeps the last n",
    hooks "prunes what is too many when training starts" } },
  { "C-37 the best n", spec = { saves "are the same best ones after every save",
    at "checkpoint/policy" "keeps the best in TorchTNT's order" } },
  { "C-39 which is newer", spec = { saves "are ordered alike by recency",
    at "checkpoint/name" "are ordered by recency as TorchTNT orders them" } },
  { "C-41 what is no name", spec = saves "say the same by their names" },
  { "C-43 the loader of an epoch cut short", spec = behaviour "an epoch cut short by max_steps",
    note = "its position is saved, too: a resume with a larger limit goes on in the epoch" },
  { "C-45 nothing to restore", spec = at "checkpoint/init" "has no latest in an empty" },
  { "C-47 time limits", spec = { at "parity/log_runs" "TimeLimit: the same durations",
    at "hooks/time_limit" "stops at the end of the epoch" } },
  { "C-49 several loaders", spec = {
    at "data/multi" "gives the batches that TorchTNT's gives",
    at "data/multi" "ignores what a state says of loaders that are not here" } },
  { "a metric of 0 is one", spec = at "checkpoint/retention" "takes a metric of 0 as one" },
  { "an older checkpoint goes when the new one is durable",
    spec = hooks "announces only what is durable" },
  { "D1 evaluations limited to the loader's length", spec = { defects "D1",
    fit "gives every evaluation all" } },
  { "D2, D3 epochs limited in steps", spec = { defects "D2", defects "D3",
    train "sees the same batches in each epoch" } },
  { "D4 last batches of evaluations", spec = { defects "D4",
    fit "keeps last_batch of evaluations out", auto "keeps evaluations out of the windows" } },
  { "D5, D6 windows at an epoch's end", spec = { defects "D5",
    auto "closes windows at every epoch's end" } },
  { "D7 resuming with a batch fetched ahead", spec = {
    at "data/cursor" "one batch ahead tells the last, and its position",
    hooks "ends bit-equal when a run is cut off after any step" } },
  { "D8 the end of data is no error", spec = { defects "D8",
    train "ends an epoch by nil only" } },
  { "D9 an empty loader with only max_steps", spec = train "refuses to spin over an empty loader" },
}
