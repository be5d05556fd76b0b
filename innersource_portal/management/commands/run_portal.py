"""`make run`: prepare the embedded portal and supervise its two processes, web and worker."""

import argparse
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from accounts.models import User
from common.supervised import SUPERVISED


class Command(BaseCommand):
    help = "Prepare and serve the embedded portal: web and worker, ended together by Ctrl-C."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--repositories", metavar="FOLDER", help="Register every Git repository below FOLDER.")

    def handle(self, *, port: int, repositories: str | None, **_options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("This command is for the embedded portal: set PORTAL_EMBEDDED=1, or use `make run`.")
        refuse_taken_port(port)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if repositories:
            self.create_administrator()
            call_command("register_folder", repositories)
        elif settings.DEMO:
            call_command("create_demo")
        self.supervise(port)

    def create_administrator(self) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", "admin@localhost", password, name="Administrator")
        self.stdout.write(f"Sign in as: admin   password: {password}   (shown once)")

    def supervise(self, port: int) -> None:
        """Start both processes in groups of their own; when one ends or a signal comes, end both."""
        stop = {"asked": False}

        def ask(*_: object) -> None:
            stop["asked"] = True

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the last: the terminal was closed
            signal.signal(number, ask)
        environment = os.environ | {"PORTAL_BIND": f"127.0.0.1:{port}", "PORTAL_WEB_WORKERS": "2", SUPERVISED: "1"}
        alive, _held = os.pipe()  # `_held` is closed when this process ends, however it does
        commands = [
            [sys.executable, "-m", "gunicorn", "-c", "python:innersource_portal.gunicorn", "innersource_portal.wsgi"],
            [sys.executable, "manage.py", "run_worker"],
        ]
        children = [subprocess.Popen(words, env=environment, stdin=alive, start_new_session=True) for words in commands]
        try:
            wait_for_port(port, children[0])
            self.stdout.write(f"\n  InnerSource Portal: http://127.0.0.1:{port}/   (Ctrl-C ends it)\n\n")
            self.stdout.flush()
            while not stop["asked"] and all(child.poll() is None for child in children):
                time.sleep(0.3)
        finally:
            end(children)
        if not stop["asked"]:
            raise CommandError("A process of the portal ended by itself; its last lines above say why.")


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CommandError(f"Port {port} is in use. Choose another: make run PORT={port + 1}") from None


def wait_for_port(port: int, web: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and web.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def end(children: list[subprocess.Popen[bytes]], seconds: float = 15) -> None:
    """Ask the groups to end, then kill what is left of them, grandchildren included."""
    for child in children:
        kill_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        kill_group(child.pid, signal.SIGKILL)
        child.wait()


def kill_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
