/* The history of a job by days, for its picture. */
#include "state/handle.h"

enum { DAY_MS = 86400000 };

static const char sql_days[] =
    "SELECT started / 86400000 AS day, sum(process IS NOT NULL),"
    " sum(process IS NOT NULL AND ended IS NOT NULL AND coalesce(exit, -1) NOT IN (0, 4)),"
    " sum(process IS NULL), sum(coalesce(json_extract(report, '$.rows.submitted'), 0)),"
    " sum(CASE WHEN exit IS NOT NULL THEN ended - started ELSE 0 END)"
    " FROM run INDEXED BY run_when WHERE job = ?1 AND started >= ?2 GROUP BY day ORDER BY day";

static const char sql_days_server[] =
    "SELECT started / 86400000 AS day, count(process),"
    " count(*) FILTER (WHERE process IS NOT NULL AND ended IS NOT NULL"
    " AND coalesce(exit, -1) NOT IN (0, 4)), count(*) FILTER (WHERE process IS NULL),"
    " CAST(coalesce(sum(CAST(CAST(report AS json) #>> '{rows,submitted}' AS bigint)), 0) AS "
    "bigint),"
    " CAST(sum(CASE WHEN exit IS NOT NULL THEN ended - started ELSE 0 END) AS bigint)"
    " FROM run WHERE job = ?1 AND started >= ?2 GROUP BY day ORDER BY day";

int run_record_days(struct state *s, struct slice job, int64_t from, struct run_day *to, size_t cap,
                    size_t *n, struct error *err) {
  struct statement *sql = db_prepare(&s->db, s->db.postgres ? sql_days_server : sql_days, err);
  if (!sql) return -1;
  bind_text(sql, 1, job);
  bind_int(sql, 2, from * DAY_MS);
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(&s->db, sql, err)) > 0; ++*n)
    to[*n] = (struct run_day){.day = column_int(sql, 0),
                              .runs = column_int(sql, 1),
                              .failed = column_int(sql, 2),
                              .not_run = column_int(sql, 3),
                              .rows = column_int(sql, 4),
                              .took_ms = column_int(sql, 5)};
  statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}
