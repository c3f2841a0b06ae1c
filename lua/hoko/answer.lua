-- What hoko.api and hoko.http share: a request's query, and the answer as a script sees
-- it, whole or in pieces.
local hoko, native, options = ...

local BODY_MAX, LINE_MAX = 64 << 20, 16 << 20

local answers = {}

-- ---- the query ---------------------------------------------------------------

local is_scalar = { string = true, number = true, boolean = true }

--- Raises where QUERY is no table of parameters; nil is one of none.
function answers.check_query(name, query)
  if query == nil then return end
  if type(query) ~= "table" then
    native.raise(("%s: the query must be a table, got %s"):format(name, options.describe(query)))
  end
  for key, value in next, query do
    if type(key) ~= "string" then
      native.raise(("%s: parameters have names, here is one without: %s"):format(name, options.describe(value)))
    end
    if not is_scalar[type(value)] then
      native.raise(("%s: the parameter '%s' must be a string, a number or a boolean, got %s"):format(name, key,
        options.describe(value)))
    end
  end
end

local function escape(text)
  return (tostring(text):gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- A path or URL with the table QUERY behind it, by name.
function answers.with_query(path, query)
  local names, parts = {}, {}
  for name in next, query or {} do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = escape(name) .. "=" .. escape(query[name]) end
  if #parts == 0 then return path end
  return path .. (path:find("?", 1, true) and "&" or "?") .. table.concat(parts, "&")
end

-- ---- a body in pieces --------------------------------------------------------

local pieces = {}
pieces.__index = pieces

function pieces:close()
  if self.stream then native.http_drop(self.stream) end
  self.stream, self.next = nil, ""
end
pieces.__gc, pieces.__close = pieces.close, pieces.close

-- The next piece, nil at the end; nil, message, code where the answer was cut.
function pieces:pull()
  while self.next == "" and self.stream do
    local piece, stream, code = native.http_pull(self.stream)
    if not piece then
      self.stream = nil
      return nil, stream, code
    end
    self.next, self.stream = piece, stream
  end
  local piece = self.next
  self.next = ""
  if piece ~= "" then return piece end
end

-- All of it as one text; nil, message, code.
function pieces:read()
  local parts, size = {}, 0
  local piece, message, code = self:pull()
  while piece do
    parts[#parts + 1], size = piece, size + #piece
    if size > BODY_MAX then
      self:close()
      local too_large = "the answer is larger than %d MiB; stream = true reads one of any size"
      return nil, too_large:format(BODY_MAX >> 20), "data"
    end
    piece, message, code = self:pull()
  end
  if message then return nil, message, code end
  return table.concat(parts)
end

--- A body whose first piece is NEXT; NUMBER is the stream that the rest comes from, nil
--- where that is all.
function answers.pieces(next_piece, number)
  return setmetatable({ next = next_piece, stream = number }, pieces)
end

-- ---- the answer --------------------------------------------------------------

local response = {}
response.__index = response
answers.response = response

local function pieces_of(self) return self.pieces or answers.pieces(self.body) end

--- The body as a value; nil and a message where it is no JSON.
function response:json()
  local body, message = self.body
  if not body then body, message = self.pieces:read() end
  if not body then return nil, message end
  local ok, value = pcall(hoko.json.decode, body)
  if ok then return value end
  return nil, "the body is no JSON"
end

--- Ends an answer that is not read to its end.
function response:close()
  if self.pieces then self.pieces:close() end
end

local function must_pull(body)
  local piece, message = body:pull()
  if message then native.raise("hoko.http: " .. message) end
  return piece
end

--- Iterates over the body as it comes, in pieces of at most 256 KiB.
function response:chunks()
  local body = pieces_of(self)
  return function() return must_pull(body) end, nil, nil, body
end

--- Iterates over the body's lines, without their line ends.
function response:lines()
  local body, rest, from = pieces_of(self), "", 1
  local function next_line()
    local searched = from
    while true do
      local line_end = rest:find("\n", searched, true)
      if line_end then
        local line = rest:sub(from, line_end - 1)
        from = line_end + 1
        return (line:gsub("\r$", ""))
      end
      rest = rest:sub(from)
      from, searched = 1, #rest + 1
      if #rest > LINE_MAX then native.raise("hoko.http: a line is longer than 16 MiB") end
      local piece = must_pull(body)
      if not piece then
        from = searched
        return rest ~= "" and rest or nil
      end
      rest = rest .. piece
    end
  end
  return next_line, nil, nil, body
end

return answers
