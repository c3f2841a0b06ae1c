-- Tells a chat that a sync fails, and that it works again. In hoko.lua a job names it:
--   allow = { net = { "chat.example.com" }, env = { "CHAT_URL" } },
--   on_failure = "scripts/alerting.lua", on_recovery = "scripts/alerting.lua",
-- Try it by hand:
--   hoko run --allow-net=chat.example.com --allow-env=CHAT_URL scripts/alerting.lua
local url = hoko.env("CHAT_URL")
local run = hoko.run.cause or { job = "nothing", outcome = "ok" } -- the report of the run

local text = ("The sync %s works again."):format(run.job)
if run.outcome ~= "ok" then
  local why = run.error and run.error ~= hoko.null and run.error.message or run.outcome
  text = ("The sync %s fails: %s (hoko runs show %s)"):format(run.job, why, run.run)
end

local answer, message = hoko.http.post(url, { json = { text = text } })
if not answer or answer.status >= 300 then
  error("the chat was not told: " .. (message or answer.status))
end
