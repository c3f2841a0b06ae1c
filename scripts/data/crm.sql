-- The table that scripts/partners_from_postgresql.lua reads.
CREATE TABLE customers (
  code bigint PRIMARY KEY,
  name text NOT NULL,
  email text,
  mobile text,
  country char(2),
  is_partner boolean NOT NULL DEFAULT true,
  changed_at timestamptz NOT NULL
);
INSERT INTO customers VALUES
  (1001, 'Al  Noor Trading', 'Sales@AlNoor.example', '055 123 4567', 'SA', true, '2026-11-01 08:00:00+03'),
  (1002, 'دار الحكمة للنشر', NULL, '+962 79 831 5850', 'JO', true, '2026-11-02 09:30:00+03'),
  (1003, 'Closed Long Ago', 'old@example.com', NULL, 'AE', false, '2026-11-03 10:00:00+03'),
  (9007199254740993, 'Nile Voyages', 'info@nile.example', NULL, 'EG', true, '2026-11-04 11:15:00.123456+03');
