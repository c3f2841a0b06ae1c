"""usage: with_postgres.py COMMAND…   runs it beside a PostgreSQL, whose URL is in HOKO_TEST_POSTGRES."""

import os
import subprocess
import sys

from postgres import Postgres

server = Postgres()
try:
    code = subprocess.run(sys.argv[1:], check=False, env={
        **os.environ, "HOKO_TEST_POSTGRES": server.url, "PATH": f"{server.bin}:{os.environ['PATH']}"}).returncode
finally:
    server.end()
sys.exit(code)
