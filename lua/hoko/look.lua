-- A source as the value of a line: its first rows are shown, and a source is left that still
-- has them all.
local hoko, sources = ...

local ROWS_SHOWN = 20

local look = {}

local function first_rows(source)
  local rows = {}
  for i = 1, ROWS_SHOWN + 1 do
    local row = source()
    if row == nil then return rows, true end
    rows[i] = row
  end
  return rows, false
end

-- `kept` again, then what `source` has behind them; nil: nothing.
local function with_rows(kept, source)
  local i = 0
  return (hoko.rows(function()
    i = i + 1
    if kept[i] == nil and source then return source() end
    return kept[i]
  end, nil, nil, source))
end

look.is_source = sources.is_source

--- The first rows of a source, to be shown; a word that there are more of them, or none; a
--- source that has all.
---@param source fun(): any
---@return table rows
---@return string? word
---@return hoko.Rows source
function look.at(source)
  local rows, is_whole = first_rows(source)
  local again = with_rows(table.move(rows, 1, #rows, 1, {}), not is_whole and source or nil)
  if #rows == 0 then return rows, "there are no rows", again end
  if is_whole then return rows, nil, again end
  rows[#rows] = nil
  return rows, ("… the first %d rows; all of them: for row in _ do print(row.…) end"):format(#rows), again
end

--- What a source is, where it is not to be read.
function look.describe(source)
  return ("%s (its next rows: hoko.rows(_):take(5), all: for row in _ do … end)"):format(sources.name(source))
end

return look
