-- Turns what was typed into a function. A `local` at top level must outlive its line, so it becomes
-- an assignment in the prompt's environment, which keeps locals apart from globals
-- (environment.lua): a function of an earlier line and a later line then share one variable.
-- A `while` or `repeat` gets a check in its body, because ctrl-C cannot leave a compiled loop that
-- tests nothing (core/cli/mcode.c).

local lexer = require "tnt.prompt.lexer"

local chunk = {}

local OPENS = {
  ["do"] = 1, ["function"] = 1, ["if"] = 1, ["repeat"] = 1, ["end"] = -1, ["until"] = -1,
}

-- The names declared from tokens[i] on, and the index of the token after them.
local function name_list(tokens, i)
  local names = {}
  while tokens[i] and tokens[i].kind == "name" do
    names[#names + 1] = tokens[i].text
    if not (tokens[i + 1] and tokens[i + 1].text == ",") then return names, i + 1 end
    i = i + 2
  end
  return nil, i
end

--- What `while` and `repeat` call in every turn, looked up in the environment.
chunk.CHECK = "__check"

--- Source whose top-level declarations are assignments, and the names they declare.
--- Lines and columns stay, so that error messages point to the right place.
---@param source string
---@return string rewritten
---@return string[] names
function chunk.rewrite(source)
  local tokens = lexer.tokens(source)
  local pieces, declared, copied, depth = {}, {}, 0, 0
  local headers = {} -- loops whose `do` is still to come
  local function cut(token, replacement, after)
    pieces[#pieces + 1] = source:sub(copied + 1, after and token.last or token.first - 1)
    pieces[#pieces + 1] = replacement
    copied = token.last
  end
  for i, token in ipairs(tokens) do
    if token.kind == "keyword" then
      local follower = tokens[i + 1]
      if token.text == "local" and depth == 0 and follower then
        if follower.text == "function" and tokens[i + 2] and tokens[i + 2].kind == "name" then
          cut(token, "     ")
          declared[#declared + 1] = tokens[i + 2].text
        elseif follower.kind == "name" then
          local names, after = name_list(tokens, i + 1)
          if names then
            cut(token, "     ")
            for _, name in ipairs(names) do declared[#declared + 1] = name end
            if not (tokens[after] and tokens[after].text == "=") then
              cut(tokens[after - 1], " = nil", true)
            end
          end
        end
      end
      if token.text == "while" or token.text == "for" then
        headers[#headers + 1] = token.text
      elseif token.text == "repeat" or token.text == "do" and table.remove(headers) == "while" then
        cut(token, token.text .. " " .. chunk.CHECK .. "();")
      end
      depth = depth + (OPENS[token.text] or 0)
    end
  end
  pieces[#pieces + 1] = source:sub(copied + 1)
  return table.concat(pieces), declared
end

local function is_incomplete(message)
  return message:find "near '?<eof>'?$" ~= nil and not message:find "unfinished string"
end

---@class tnt.prompt.Chunk
---@field run function           an expression's gives nil, then its values: `return f()` alone
---                               would be a tail call, which hides the line from errors
---@field is_expression boolean
---@field declares string[]      names of top-level locals

--- Compiles what was typed, as an expression if it is one.
---@param source string
---@return tnt.prompt.Chunk|nil
---@return "incomplete"|nil why  more lines are needed
---@return string|nil message  the syntax error
function chunk.compile(source)
  source = source:gsub("^%s*=", "", 1)
  local rewritten, declares = chunk.rewrite(source)
  local run, expression_error = load("return nil, " .. rewritten, "=prompt", "t")
  if run then return { run = run, is_expression = true, declares = {} } end
  local message
  run, message = load(rewritten, "=prompt", "t")
  if run then
    -- What was rewritten must have been right as it was written.
    local original, original_error = load(source, "=prompt", "t")
    if not original then return nil, nil, original_error end
    return { run = run, is_expression = false, declares = declares }
  end
  if is_incomplete(message) or is_incomplete(expression_error) then return nil, "incomplete" end
  return nil, nil, message
end

return chunk
