-- A cell of a CSV file: quoted where it holds a quote, a line end or the delimiter.
-- Source: RFC 4180.

--- A cell's text.
---@param text string
---@param delimiter string  one character
---@return string
return function(text, delimiter)
  if text:find('["\r\n]') or text:find(delimiter, 1, true) then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end
