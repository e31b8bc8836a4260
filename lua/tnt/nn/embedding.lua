-- Embedding: a table of vectors, picked by ids that count from 0.
local class = require "tnt.class"
local errors = require "tnt.errors"
local F = require "tnt.nn.functional"
local init = require "tnt.nn.initialisation"
local make = require("tnt.tensor").make
local Module = require "tnt.nn.module"
local ops = require "tnt.ops_gen"
local parameter = require "tnt.nn.parameter"
local size = require "tnt.nn.size"

--- A vector for each id from 0 on: [...] of ids gives [..., embedding_dim].
---@class tnt.nn.Embedding: tnt.nn.Module
---@field weight tnt.Tensor  [num_embeddings, embedding_dim]
---@field padding_idx integer|nil  an id (from 0) whose vector is 0 at first and gets no gradient
local Embedding = Module:extend("Embedding", {
  "num_embeddings", "embedding_dim", padding_idx = class.NONE, dtype = class.NONE,
})
Embedding.scoped, Embedding.stateless = false, true

function Embedding:init(o)
  local rows = size.count("Embedding", "num_embeddings", o.num_embeddings, 1)
  self.num_embeddings = rows
  self.embedding_dim = size.count("Embedding", "embedding_dim", o.embedding_dim, 1)
  local padding = o.padding_idx
  if padding then
    if type(padding) ~= "number" or padding % 1 ~= 0 or padding < -rows or padding >= rows then
      errors.raise("argument", "Embedding: padding_idx is an id from 0 to %d, got %s", rows - 1,
        tostring(padding))
    end
    self.padding_idx = padding < 0 and padding + rows or padding
  end
  self.weight = parameter.new(make.empty(rows, o.embedding_dim, { dtype = o.dtype }))
  self:reset_parameters()
end

--- Draws the vectors anew, normal with deviation 1.
function Embedding:reset_parameters()
  init.normal_(self.weight)
  if self.padding_idx then
    init.zeros_(ops.select(self.weight:detach(), 1, self.padding_idx + 1))
  end
end

local embedding = ops.embedding
function Embedding:forward(ids)
  if self.padding_idx then return F.embedding(ids, self.weight, self) end
  return embedding(ids, self.weight)
end

function Embedding:extra_repr()
  return ("%d, %d%s"):format(self.num_embeddings, self.embedding_dim,
    self.padding_idx and ", padding_idx=" .. self.padding_idx or "")
end

return { Embedding = Embedding }
