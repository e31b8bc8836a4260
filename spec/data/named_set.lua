-- A data set built by each worker for itself: {"spec.data.named_set", n = ...}.

return function(options)
  if options.n == nil then error("named_set wants n") end
  return {
    size = function() return options.n end,
    get = function(_, i) return { x = i * options.factor } end,
  }
end
