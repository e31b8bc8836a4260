-- The pages of documentation that are installed with the program: Markdown files in lua/tnt/pages,
-- shown by tnt.help "NAME" and ?NAME. A new page is a file there and a line here.

local errors = require "tnt.errors"

local pages = {}

--- Every page: its name, what it is about, its file where that bears another name.
pages.list = {
  { name = "cuda", about = "cards, mixed precision, captured steps, determinism" },
  { name = "hooks", about = "writing a hook: events, options, what is saved" },
  { name = "torchtnt", about = "for who knows TorchTNT: names, a program in both, differences" },
  { name = "torchtnt-table", about = "TorchTNT's 195 capabilities, one by one",
    file = "torchtnt_gen" },
}

local function find(name)
  for _, page in ipairs(pages.list) do
    if page.name == name then return page end
  end
end

--- Whether there is a page of that name.
---@param name string
---@return boolean
function pages.has(name) return find(name) ~= nil end

--- Where a page's file is.
--- Errors: argument, for a name that is none; io, where the file was not installed.
---@param name string
---@return string path
function pages.path(name)
  local page = find(name)
  if not page then
    local known = {}
    for i, other in ipairs(pages.list) do known[i] = other.name end
    errors.unknown("tnt.help", "page", name, known)
  end
  local path = package.searchpath("tnt.pages." .. (page.file or name),
    (package.path:gsub("%.lua%f[;%z]", ".md")))
  if not path then
    errors.raise("io", "tnt.help: the page '%s' is not installed: pages/%s.md was expected beside "
      .. "the files of tnt", name, page.file or name)
  end
  return path
end

--- The text of a page.
--- Errors: as path().
---@param name string
---@return string
function pages.read(name)
  local path = pages.path(name)
  local file, why = io.open(path)
  if not file then errors.raise("io", "tnt.help: cannot read %s: %s", path, why) end
  local text = file:read "*a"
  file:close()
  return text
end

return pages
