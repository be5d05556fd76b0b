"""Private PostgreSQL and Redis servers on free ports, started from the installed binaries.

`python -m tests.servers COMMAND...` runs a command with DATABASE_URL and REDIS_URL pointing at them.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_binary(name):
    """Path of a server binary, also in Debian's versioned folders, or None."""
    found = shutil.which(name)
    if found:
        return found
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(versions[0]) if versions else None


def wait_for_port(port, process, seconds=90, host="127.0.0.1"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("server did not answer in time")


def redis_command(port, folder):
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""]
    return [find_binary("redis-server"), *arguments]


@contextlib.contextmanager
def running_redis():
    """A Redis with append-only file; yields its URL."""
    if not find_binary("redis-server"):
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(redis_command(port, folder), stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def restart_redis(url, stack):
    """End the Redis at `url` as its supervisor would, and start it again on the same port and folder."""
    with redis.Redis.from_url(url) as client:
        folder = client.config_get("dir")["dir"]
        client.shutdown()
    port = urlsplit(url).port
    process = subprocess.Popen(redis_command(port, folder), stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    wait_for_port(port, process)


@contextlib.contextmanager
def running_postgresql():
    """A throw-away PostgreSQL cluster without durability; yields its URL. Root hands over to `postgres`."""
    initdb, server = find_binary("initdb"), find_binary("postgres")
    if not (initdb and server):
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        identity = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        data = f"{folder}/data"
        command = [initdb, "-D", data, "-A", "trust", "-U", "portal", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **identity)
        options = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        options += ["-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        process = subprocess.Popen(
            [server, "-D", data, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **identity
        )
        try:
            wait_for_port(port, process)
            yield f"postgres://portal@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(2)
            process.wait()


def main():
    with running_postgresql() as database, running_redis() as broker:
        if not (database and broker):
            sys.exit("PostgreSQL or Redis is not installed: apt install postgresql redis-server")
        environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": broker}
        result = subprocess.run(sys.argv[1:], env=environment, check=False)
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
