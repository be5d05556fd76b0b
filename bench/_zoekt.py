"""Zoekt over the repositories of the embedded index, where its programs are installed: one more peer."""

import shutil
import statistics
import subprocess
import time
from contextlib import contextmanager

from bench.sync import processor_seconds
from tests.servers import free_port, wait_for_port

PAGE = 50
SECONDS = 60


@contextmanager
def zoekt_beside(folder, held, file_bytes):
    """A `Zoekt` with {number: (git folder, commit)} indexed, or None where it is not installed."""
    if not (shutil.which("zoekt-webserver") and shutil.which("zoekt-git-index")):
        print("  Zoekt: not installed")
        yield None
        return
    (folder / "zoekt").mkdir()
    port = free_port()
    command = ["zoekt-webserver", "-rpc", "-html=false", f"-listen=127.0.0.1:{port}", f"-index={folder / 'zoekt'}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            yield Zoekt(folder / "zoekt", f"http://127.0.0.1:{port}", held, file_bytes)
        finally:
            server.kill()


class Zoekt:
    """The server itself, and the portal's engine that asks it."""

    def __init__(self, folder, url, held, file_bytes):
        from search.engine import IndexedRef, IndexPlan
        from search.zoekt.engine import ZoektEngine

        self.engine, self.held = ZoektEngine(folder, url, file_bytes=file_bytes), frozenset(held)
        self.raw, self.through = [], []
        text, before = 0, processor_seconds()
        for number, (path, commit) in held.items():
            text += self.engine.index(IndexPlan(number, path, (IndexedRef("main", commit),))).text_bytes
        size, used = sum(file.stat().st_size for file in folder.glob("*.zoekt")), processor_seconds() - before
        print(
            f"  Zoekt: index with texts {size / 1e6:.0f} MB = {size / text:.2f} of {text / 1e6:.0f} MB, "
            f"{text / 1e6 / used:.1f} MB a second and core with ctags and git"
        )

    def ask(self, matcher):
        """Milliseconds of the server for a first page without lines; the portal's with them is noted too."""
        from search.engine import Request
        from search.zoekt.question import question

        began = time.perf_counter()
        self.engine.server.search(question(matcher), self.held, PAGE, SECONDS, whole=False)
        self.raw.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        self.engine.search(Request(matcher, self.held))
        self.through.append((time.perf_counter() - began) * 1000)
        return self.raw[-1]

    def show(self):
        for words, times in (("Zoekt itself", self.raw), ("the portal on Zoekt", self.through)):
            ordered = sorted(times)
            p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
            print(
                f"  {words}: first page of {PAGE}, median {statistics.median(times):.1f} ms, 95th percentile {p95:.0f}"
            )
