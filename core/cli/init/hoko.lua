-- The project: where Hoko is, which key to use, and what runs when.
-- `hoko help init` tells every name that may stand here.
return {
  key = "default",
  limits = { requests_per_minute = "auto", concurrency = 4 },

  jobs = {
    -- ["partners"] = {
    --   script   = "scripts/partners.lua",
    --   schedule = "0 6 * * *",
    --   timezone = "Asia/Riyadh",
    -- },
  },
}
