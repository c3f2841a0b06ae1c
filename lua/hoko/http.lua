-- hoko.http: requests to other services. The host sends them, and guards what they reach
-- and which key they carry; here is what follows from an answer: retries, redirects, pieces.
local hoko, native, options, answers = ...

local TIMEOUT_S, RETRIES, REDIRECTS_MAX = 60, 3, 5
-- A server that wants a longer pause than the latter is the script's to wait for.
local PAUSE_MS, PAUSE_MAX_MS = 500, 60000
local safe = { GET = true, HEAD = true, OPTIONS = true }
local passing = { [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local moved = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- ---- one attempt -------------------------------------------------------------

local function parse_head(lines)
  local headers = {}
  for name, value in lines:gmatch("([^:\r\n]+):[ \t]*([^\r\n]*)") do
    name = name:lower()
    value = value:gsub("[ \t]+$", "")
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return headers
end

local function attempt(call, delay_ms)
  local status, head, piece, number, retry_after_ms = native.http_ask(call.method, call.url,
    call.headers, call.body, call.auth, call.timeout_ms, delay_ms, call.is_stream)
  if not status then return nil, head, piece end
  call.retry_after_ms = retry_after_ms
  local got = { status = status, headers = parse_head(head) }
  local body = answers.pieces(piece, number)
  if call.is_stream then
    got.pieces = body
  else
    local text, message, code = body:read()
    if not text then return nil, message, code end
    got.body = text
  end
  return setmetatable(got, answers.response)
end

-- ---- what follows from it ----------------------------------------------------

-- How long to wait before the same is asked again; nil: it is not.
local function pause_ms(call, got, code, retries)
  local is_passing = got and passing[got.status] or not got and code == "unreachable"
  if retries == call.retries or not safe[call.method] or not is_passing then return nil end
  local asked = got and call.retry_after_ms
  if asked then return asked <= PAUSE_MAX_MS and asked or nil end
  return math.floor(PAUSE_MS * 2 ^ retries * (0.5 + math.random() / 2))
end

local function server_of(url) return url:match("^(%a+://[^/?#]*)"):lower() end

-- RFC 3986, 5.2; libcurl takes dots out of paths.
local function resolve(base, target)
  target = target:gsub("#.*", "")
  if target:find("^%a[%w+.-]*:") then return target end
  local scheme, authority, path = base:match("^(%a+:)(//[^/?#]*)([^?#]*)")
  if target:find("^//") then return scheme .. target end
  if target:find("^/") then return scheme .. authority .. target end
  if target:find("^%?") then return scheme .. authority .. path .. target end
  return scheme .. authority .. (path:match("^.*/") or "/") .. target
end

-- Where a redirect leads that may be followed: what carries a key or changes something
-- stays where it was sent, and what came encrypted stays so.
local function redirection(call, got)
  local location = moved[got.status] and got.headers.location
  local is_followed = location and not call.auth and (call.method == "GET" or call.method == "HEAD")
  local target = is_followed and resolve(call.url, location)
  if not target or not target:find("^https?://") then return nil end
  if call.url:find("^https:") and target:find("^http:") then return nil end
  return target
end

local function follow(call, target)
  local is_other = server_of(target) ~= server_of(call.url)
  if is_other then call.headers = "" end -- they were not meant for it
  call.url, call.from = target, call.from or call.url
end

local function perform(name, call)
  local retries, redirects, delay_ms = 0, 0, 0
  while true do
    local got, message, code = attempt(call, delay_ms)
    if code == "denied" or code == "usage" then
      local from = call.from and call.from .. " redirects on: " or ""
      native.raise(("%s: %s%s"):format(name, from, message))
    end
    local pause = pause_ms(call, got, code, retries)
    local target = got and redirects < REDIRECTS_MAX and redirection(call, got)
    if pause then
      retries, delay_ms = retries + 1, pause
    elseif target then
      redirects, delay_ms = redirects + 1, 0
      follow(call, target)
    else
      return got, message, code
    end
    if got and call.is_stream then got:close() end
  end
end

-- ---- asking ------------------------------------------------------------------

local function put_header(lines, name, header, value)
  local is_text = type(value) == "string" or type(value) == "number"
  if type(header) ~= "string" or not is_text or tostring(value):find("[\r\n\0]") then
    local message = "%s: header '%s' must be a text of one line, got %s"
    native.raise(message:format(name, tostring(header), options.describe(value)))
  end
  lines[#lines + 1] = ("%s: %s\n"):format(header, value)
end

local function header_lines(name, given)
  local lines, has_type = {}, false
  for header, value in pairs(given.headers or {}) do
    put_header(lines, name, header, value)
    if header:lower() == "content-type" then has_type = true end
  end
  if given.json ~= nil and not has_type then
    put_header(lines, name, "Content-Type", "application/json")
  end
  return table.concat(lines)
end

local function check(name, url, given)
  if type(url) ~= "string" or not url:find("^[hH][tT][tT][pP][sS]?://") then
    local message = "%s: the URL must be a string that begins with https:// or http://, got %s"
    native.raise(message:format(name, options.describe(url)))
  end
  if given.json ~= nil and given.body ~= nil then
    native.raise(name .. ": options 'json' and 'body' exclude each other")
  end
  answers.check_query(name, given.query)
  if given.auth == "" then native.raise(name .. ": option 'auth' must not be empty") end
end

local function request(name, method, url, given)
  given = options.check(name, given)
  check(name, url, given)
  local call = {
    method = method or given.method or "GET",
    url = answers.with_query(url:gsub("#.*", ""), given.query),
    headers = header_lines(name, given),
    body = given.body,
    auth = given.auth,
    timeout_ms = math.ceil((given.timeout or TIMEOUT_S) * 1000),
    retries = given.retries or RETRIES,
    is_stream = given.stream,
  }
  if given.json ~= nil then call.body = options.encode(name, "option 'json'", given.json) end
  return perform(name, call)
end

hoko.http = {}
function hoko.http.get(url, given) return request("hoko.http.get", "GET", url, given) end
function hoko.http.post(url, given) return request("hoko.http.post", "POST", url, given) end
function hoko.http.request(url, given) return request("hoko.http.request", nil, url, given) end
