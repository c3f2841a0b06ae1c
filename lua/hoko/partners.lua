-- hoko.partners and hoko.sync: arguments are checked here, rows are native.
local native, options, task, prepare_map = ...

local partners = {}

-- A key names its stream by the script; where there is no file there is no name.
local function stream_of(name, given)
  if given.stream then
    if given.stream == "" then native.raise(name .. ": option 'stream' must not be empty") end
    return given.stream
  end
  if given.key ~= nil and not task.stream then
    native.raise(name .. ": 'key' needs 'stream' here, since there is no script file to name it after")
  end
  return task.stream
end

local function size_of(value)
  return type(value) == "string" and native.size(value) or value
end

-- IS_OF_SOURCE: of rows that are no partners yet, so that their id is just a field.
local function check_key(name, key, is_of_source)
  if type(key) ~= "string" then return end
  if key == "" or #key > 40 then
    native.raise(("%s: option 'key' must be a field's name of 1 to 40 bytes"):format(name))
  end
  if key == "id" and not is_of_source then
    native.raise(name .. ": option 'key' cannot be 'id': a row with an id is an update already")
  end
end

-- In a run that looks for missing keys each stream has one source, and this is it.
local written = {}

-- Each entry of a session is a run of its own.
function native.begin_run() written = {} end

local function check_missing(name, stream, given)
  local missing = given.missing or "keep"
  if missing ~= "keep" and given.key == nil then
    native.raise(('%s: missing = "%s" needs a key'):format(name, missing))
  end
  if given.key == nil or given.dry_run then return end
  local before = written[stream]
  if before and (before ~= "keep" or missing ~= "keep") then
    native.raise(('%s: stream %s was written in this run already; with missing = "%s" one source has all its keys')
      :format(name, stream, missing ~= "keep" and missing or before))
  end
  written[stream] = missing
end

local function run(name, rows, given, more)
  check_key(name, given.key, more.key_of_source)
  local stream = stream_of(name, given)
  if more.verb ~= "adopt" then check_missing(name, stream, given) end
  local limits = task.limits
  local batch_bytes = size_of(given.batch_bytes) or limits.batch_bytes
  local has_callbacks = given.on_ack ~= nil or given.on_reject ~= nil
  local wants_partners = type(rows) == "table" and not options.is_callable(rows) and rawlen(rows) <= 10000
  local args = {
    rows = rows, transform = more.transform, key = given.key, key_of_source = more.key_of_source,
    on_ack = given.on_ack, on_reject = given.on_reject,
    stops_on_error = more.on_error == "stop", wants_partners = wants_partners,
    row_max = batch_bytes - 2, refuses_id = more.verb == "create",
    tells_seen = given.missing ~= nil and given.missing ~= "keep",
  }
  args.options = native.encode{
    stream = stream, has_key = given.key ~= nil,
    send_all = given.send == "all" or (given.key == nil),
    wants_objects = given.on_ack ~= nil or wants_partners, wants_all_rejects = given.on_reject ~= nil,
    wants_drops = has_callbacks,
    batch_rows = math.tointeger(given.batch_rows or limits.batch_rows),
    batch_bytes = math.tointeger(batch_bytes),
    concurrency = math.tointeger(given.concurrency or limits.concurrency),
    dry_run = given.dry_run or false,
    verb = more.verb or "upsert",
    reports_missing = given.missing == "report", deletes_missing = given.missing == "delete",
    missing_limit = math.floor((given.missing_limit or 10) * 100 + 0.5),
    key_name = type(given.key) == "string" and not more.key_of_source and given.key or nil,
  }
  return native.upsert(args)
end

local function check_rows(name, rows)
  if options.is_callable(rows) then return end
  local field = options.field_of(rows)
  if field then
    native.raise(("%s: rows must be an array of tables, got one table with the field '%s'; " ..
      "write { row } for one row"):format(name, field))
  end
  if type(rows) == "table" then return end
  native.raise(("%s: rows must be an array of tables or a function that gives the next row, got %s"):format(
    name, options.describe(rows)))
end

--- Creates and updates partners. See lua/hoko/meta/hoko.lua for the options.
function partners.upsert(rows, given)
  local name = "hoko.partners.upsert"
  check_rows(name, rows)
  return run(name, rows, options.check(name, given), {})
end

--- Creates partners by POST; rows with an id are refused.
function partners.create(rows, given)
  local name = "hoko.partners.create"
  check_rows(name, rows)
  return run(name, rows, options.check(name, given), { verb = "create" })
end

--- hoko.partners.adopt over a given list: fills the identity map with what Hoko has.
function partners.adopter(list, null)
  return function(given)
    local name = "hoko.partners.adopt"
    given = options.check(name, given)
    if given.key == nil then native.raise(name .. ": option 'key' is missing") end
    local key = given.key
    local result = run(name, list{ sort = "asc" }, { stream = given.stream, key = key }, {
      verb = "adopt", key_of_source = true,
      transform = function(partner)
        if key(partner) == nil then return nil end
        return { id = partner.id, name = partner.name, email = partner.email or null, phone = partner.phone or null }
      end,
    })
    return { adopted = result.updated, known = result.unchanged, skipped = result.skipped,
             rejected = result.rejected, rejects = result.rejects, error = result.error }
  end
end

--- Source → transform → upsert.
function partners.sync(given)
  local name = "hoko.sync"
  if type(given) ~= "table" then
    native.raise(name .. ": expected one table, as in hoko.sync{ source = …, transform = … }")
  end
  options.check(name, given)
  if given.source == nil then native.raise(name .. ": option 'source' is missing") end
  check_rows(name, given.source)
  return run(name, given.source, given, {
    transform = prepare_map(given.source, given.transform), on_error = given.on_error,
    key_of_source = given.key ~= nil and given.transform ~= nil,
  })
end

return partners
