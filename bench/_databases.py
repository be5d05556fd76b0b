"""The databases that a benchmark measures one after the other."""

import contextlib
import os

from tests.servers import running_postgresql


@contextlib.contextmanager
def databases(folder):
    """Names with addresses: SQLite in this folder, and PostgreSQL: that of BENCH_DATABASE_URL (empty, emptied again at
    the end), or a private one where its binaries are installed; BENCH_DATABASE_URL=none leaves it out."""
    targets = {"SQLite": f"sqlite:///{folder}/bench.sqlite3"}
    given = os.environ.get("BENCH_DATABASE_URL", "")
    with contextlib.ExitStack() as stack:
        url = (given if given != "none" else "") if given else stack.enter_context(running_postgresql())
        if url:
            targets["PostgreSQL"] = url
        yield targets
