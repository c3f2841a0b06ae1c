-- hoko.api, hoko.store and the rest of hoko.partners, on host calls.
local hoko, native, options, answers, sources = ...

local PAGE_ROWS, OVERLAP, DELETE_ROWS, RESTARTS_MAX = 10000, 50, 10000, 5

-- ---- hoko.api ---------------------------------------------------------------

local function request(name, method, path, query, body, expects)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    native.raise(("%s: the path must be a string that begins with /, got %s"):format(name, options.describe(path)))
  end
  local call = { method = method, path = answers.with_query(path, query), expects = expects }
  if body ~= nil then call.body = options.encode(name, "the body", body) end
  local got, message, code = native.call("api", call)
  if not got then return nil, message, code end
  got.headers = { ["content-type"] = got.content_type }
  return setmetatable(got, answers.response)
end

hoko.api = {}

--- GET path; query: a table of parameters.
function hoko.api.get(path, query)
  answers.check_query("hoko.api.get", query)
  return request("hoko.api.get", "GET", path, query)
end

for _, method in ipairs{ "post", "put", "delete" } do
  hoko.api[method] = function(path, body)
    return request("hoko.api." .. method, method:upper(), path, nil, body)
  end
end

-- ---- hoko.partners.list -----------------------------------------------------

local function fetch(name, query)
  local got, message = request(name, "GET", "/partners", query, nil, "partners")
  if not got then native.raise(name .. ": " .. message) end
  return got:json()
end

-- Partners of one instant have no order that is promised, so an overlap covers all of
-- them that a page ends with, where they are a quarter of it at most.
local function overlap_of(page, take)
  local least = take > 2 * OVERLAP and OVERLAP or take // 2
  local last, same = page[#page], 1
  while same < #page and page[#page - same].createdAt == last.createdAt do same = same + 1 end
  return same < take // 4 and math.max(least, same + 1) or least
end

-- Calls NEXT until its end, and not behind it, where a coroutine is dead.
local function ending(next)
  local is_over = false
  return function()
    if is_over then return nil end
    is_over = true -- also where it raises
    local value = next()
    is_over = value == nil
    return value
  end
end

-- Pages overlap and are joined by id, since they move while partners come and go.
local function walk(name, given)
  local sort, limit = given.sort or "asc", given.limit
  local take = given.take or (limit and math.min(limit, PAGE_ROWS)) or PAGE_ROWS
  local first = given.skip or 0
  return ending(coroutine.wrap(function()
    local seen, last_page, skip, given_out = {}, {}, first, 0
    for _ = 0, RESTARTS_MAX do
      local met
      repeat
        local page = fetch(name, { sort = sort, take = take, skip = skip })
        met = skip == first or #page == 0 or take == 1 -- which leaves no room for an overlap
        local this_page = {}
        for _, partner in ipairs(page) do
          this_page[partner.id] = true
          if last_page[partner.id] then met = true end
          if not seen[partner.id] then
            seen[partner.id] = true
            coroutine.yield(partner)
            given_out = given_out + 1
            if given_out == limit then return end
          end
        end
        if #page < take and met then return end
        last_page, skip = this_page, skip + take - overlap_of(page, take)
      until not met
      skip, last_page = first, {}
    end
    native.raise(name .. ": the list of partners changes too fast to be read; try again later")
  end))
end

--- Iterates over the partners that Hoko has; pages by itself.
function hoko.partners.list(given)
  local name = "hoko.partners.list"
  return sources.known(name .. "(…)", walk(name, options.check(name, given)))
end

-- ---- hoko.partners.delete ---------------------------------------------------

local function next_of(name, ids)
  if options.is_callable(ids) then return ids end
  if type(ids) ~= "table" then
    native.raise(("%s: ids must be an array of ids or a function, got %s"):format(name, options.describe(ids)))
  end
  local i = 0
  return function()
    i = i + 1
    return ids[i]
  end
end

local function delete_batch(name, ids, result)
  local got, message = native.call("delete", { ids = ids })
  if not got then native.raise(name .. ": " .. message) end
  for what, list in pairs(result) do
    for _, place in ipairs(got[what]) do list[#list + 1] = ids[place] end
  end
end

--- Deletes partners by id, in batches; returns the ids deleted and those unknown.
function hoko.partners.delete(ids)
  local name = "hoko.partners.delete"
  local result, batch, seen = { deleted = {}, unknown = {} }, {}, {}
  for id in next_of(name, ids) do
    if type(id) ~= "string" or not native.is_uuid(id) then
      native.raise(("%s: an id must be a UUID, got %s"):format(name, options.describe(id)))
    end
    if not seen[id:lower()] then
      seen[id:lower()] = true
      batch[#batch + 1] = id
    end
    if #batch == DELETE_ROWS then
      delete_batch(name, batch, result)
      batch = {}
    end
  end
  if #batch > 0 then delete_batch(name, batch, result) end
  return result.deleted, result.unknown
end

-- ---- hoko.store -------------------------------------------------------------

local function check_name(name, key)
  if type(key) ~= "string" or key == "" or #key > 255 then
    native.raise(("%s: a name is a string of 1 to 255 bytes, got %s"):format(name, options.describe(key)))
  end
end

hoko.store = {}

--- The value that an earlier run, or this one, set; nil where there is none.
function hoko.store.get(key)
  check_name("hoko.store.get", key)
  local value, message, code = native.call("store_get", { name = key })
  if code then native.raise("hoko.store.get: " .. message) end
  if value == hoko.null then return nil end
  return value
end

--- Keeps a value for later runs, once the rows submitted before it are acknowledged.
function hoko.store.set(key, value)
  check_name("hoko.store.set", key)
  local text = value ~= nil and options.encode("hoko.store.set", "the value", value) or ""
  local ok, message = native.call("store_set", { name = key, value = text })
  if not ok then native.raise("hoko.store.set: " .. message) end
end

function hoko.store.delete(key)
  check_name("hoko.store.delete", key)
  hoko.store.set(key, nil)
end
