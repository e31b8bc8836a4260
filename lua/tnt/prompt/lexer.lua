-- Splits Lua source into tokens, as far as the prompt needs them: where names, strings and blocks
-- are. It never fails: what it does not know is a symbol, and an unfinished string or comment ends
-- the list.

local lexer = {}

lexer.keywords = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
  "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

local is_keyword = {}
for _, word in ipairs(lexer.keywords) do is_keyword[word] = true end

-- The end of a long bracket that opens at `at`; nil: none opens there; false: it never ends.
local function long_bracket(source, at)
  local level = source:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, stop = source:find("]" .. level .. "]", at, true)
  return stop or false
end

local function quoted(source, at)
  local quote = source:sub(at, at)
  local i = at + 1
  while i <= #source do
    local c = source:sub(i, i)
    if c == quote then return i end
    if c == "\n" then return false end
    i = i + (c == "\\" and 2 or 1)
  end
  return false
end

local function number(source, at)
  local stop = at
  while true do
    local _, word = source:find("^[%w_.]+", stop)
    if not word then return stop - 1 end
    stop = word + 1
    local hex = source:find("^0[xX]", at)
    if not source:sub(word, word):find(hex and "[pP]" or "[eE]")
      or not source:find("^[+-]", stop) then
      return word
    end
    stop = stop + 1
  end
end

---@class tnt.prompt.Token
---@field kind "name"|"keyword"|"string"|"number"|"symbol"|"unfinished"
---@field text string
---@field first integer  position in the source
---@field last integer

--- The tokens of a piece of source, comments and spaces left out.
---@param source string
---@return tnt.prompt.Token[]
function lexer.tokens(source)
  local tokens, at = {}, 1
  local function add(kind, last)
    tokens[#tokens + 1] = { kind = kind, text = source:sub(at, last), first = at, last = last }
    at = last + 1
  end
  local function add_string(stop)
    if stop then add("string", stop) else add("unfinished", #source) end
  end
  while true do
    at = source:find("%S", at)
    if not at then return tokens end
    local bracket = long_bracket(source, at)
    local comment = source:find("^%-%-", at)
    if comment then
      local stop = long_bracket(source, at + 2)
      if stop == nil then stop = (source:find("\n", at, true) or #source + 1) - 1 end
      if not stop then
        add("unfinished", #source)
      else
        at = stop + 1
      end
    elseif source:find("^[%a_\128-\255]", at) then
      local _, stop = source:find("^[%w_\128-\255]+", at)
      add(is_keyword[source:sub(at, stop)] and "keyword" or "name", stop)
    elseif source:find("^%.?%d", at) then
      add("number", number(source, at))
    elseif source:find("^[\"']", at) then
      add_string(quoted(source, at))
    elseif bracket ~= nil then
      add_string(bracket)
    else
      local _, stop = source:find("^%.%.%.?", at)
      if not stop then _, stop = source:find("^[=~<>]=", at) end
      if not stop then _, stop = source:find("^::", at) end
      add("symbol", stop or at)
    end
  end
end

return lexer
