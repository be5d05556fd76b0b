"""A portal of its own in a data folder, driven through its processes: web, worker, schedule."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import environ
from django.conf import settings
from django.db.utils import ConnectionHandler

from tests.servers import free_port, restart_redis, running_postgresql, running_redis

ROOT = Path(__file__).resolve().parent.parent
# Everything that a sync writes, without row numbers, versions and the times of writing; references by name.
ROWS = """
import json
from django.apps import apps
volatile = {"created_at", "updated_at", "fetched_at", "registered_at", "version", "uid", "size_bytes", "registered_by"}
names = {"project": "slug", "repository": "clone_url"}
rows = []
for model in [*apps.get_app_config("projects").get_models(), *apps.get_app_config("activity").get_models()]:
    if model.__name__ in {"CatalogClock"}:
        continue
    fields = [f for f in model._meta.concrete_fields if not f.primary_key and f.name not in volatile]
    for row in model._default_manager.select_related(None).all():
        values = []
        for field in fields:
            value = getattr(row, field.name)
            if field.is_relation and value is not None:
                value = str(getattr(value, names.get(field.name, ""), value))
            values.append(bytes(value).hex() if isinstance(value, memoryview) else value)
        rows.append(json.dumps([model.__name__, *values], default=str, sort_keys=True))
print(json.dumps(sorted(rows)))
"""
SIGN_IN = """
from django.test import Client
from accounts.models import User
client = Client()
client.force_login(User.objects.create_superuser("admin", "admin@example.com", "x"))
print(client.cookies["sessionid"].value)
"""
warnings.filterwarnings("ignore", "Accessing the database during app init", RuntimeWarning)  # there is no app here
TOKEN = "a" * 32  # Django takes any secret of this length that cookie and header agree on


class Portal:
    """One data folder. Embedded, or with `stack` given a PostgreSQL and a Redis of its own."""

    def __init__(self, folder: Path, remotes: Path, stack: ExitStack, *, servers: bool = False, **extra: str) -> None:
        folder.mkdir()
        self.folder, self.stack = folder, stack
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "PORTAL_SECRET_KEY": "f" * 50,
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_GIT_LOCAL_ROOTS": str(remotes),
            "PORTAL_LOG_LEVEL": "WARNING",
            "PORTAL_BIND": f"127.0.0.1:{self.port}",
            "PORTAL_BASE_URL": f"http://127.0.0.1:{self.port}",
            "PORTAL_ALLOWED_HOSTS": "127.0.0.1",
            **extra,
        }
        database = f"sqlite:///{folder / 'portal.sqlite3'}"
        self.redis = stack.enter_context(running_redis()) if servers else ""
        if servers:
            database = stack.enter_context(running_postgresql())
            self.environment |= {"DATABASE_URL": database, "REDIS_URL": self.redis}
        else:
            self.environment |= {"PORTAL_EMBEDDED": "1"}
        if not settings.configured:
            settings.configure(USE_TZ=True)
        self._database = environ.Env.db_url_config(database) | {"OPTIONS": {} if servers else {"timeout": 20}}
        self.connection = ConnectionHandler({"default": self._database})["default"]
        stack.callback(self.connection.close)
        self.manage("migrate", "-v0")

    def start(self, *command: str, **options) -> subprocess.Popen:
        """A process that leads a group of its own, all of which ends with the run at the latest."""
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *command],
            cwd=ROOT, env=self.environment, start_new_session=True, **options,
        )  # fmt: skip
        self.stack.callback(kill_group, process)
        return process

    def start_logged(self, name: str, *command: str) -> subprocess.Popen:
        with (self.folder / f"{name}.log").open("a") as log:
            return self.start(*command, stdout=log, stderr=log)

    def manage(self, *arguments: str) -> str:
        with self.start("manage.py", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            out, errors = process.communicate()
        if process.returncode:
            print(errors[-2000:])
        return out

    def start_web(self) -> subprocess.Popen:
        gunicorn = ("-m", "gunicorn", "-c", "python:innersource_portal.gunicorn", "innersource_portal.wsgi")
        return self.start_logged("web", *gunicorn)

    def start_worker(self) -> subprocess.Popen:
        if not self.redis:
            return self.start_logged("worker", "manage.py", "run_worker")
        celery = ("-m", "celery", "-A", "innersource_portal", "worker", "--pool", "prefork", "--concurrency", "2")
        return self.start_logged("worker", *celery)

    def start_schedule(self) -> subprocess.Popen | None:
        """Celery beat; the embedded worker keeps the schedule itself."""
        if not self.redis:
            return None
        beat = ("beat", "--schedule", str(self.folder / "beat"), "--pidfile=")
        return self.start_logged("beat", "-m", "celery", "-A", "innersource_portal", *beat)

    def restart_redis(self) -> None:
        restart_redis(self.redis, self.stack)

    def rows(self) -> list[str]:
        return json.loads(self.manage("shell", "-v0", "-c", ROWS))

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def number(self, statement: str, *values: object) -> int:
        return self.sql(statement, *values)[0][0]

    def wait(self, statement: str, *values: object, seconds: float = 90) -> bool:
        """Until this number is not nought; False when it stays so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.number(statement, *values):
                return True
            time.sleep(0.01)
        return False


class Visitors:
    """People at the web process: one registers `wanted`, the others read pages and ask for syncs, all at random."""

    def __init__(self, portal: Portal, wanted: list[Path], seed: int) -> None:
        self.portal, self.seed = portal, seed
        self.session = portal.manage("shell", "-v0", "-c", SIGN_IN).split()[-1]
        self.waiting = list(wanted)
        self.known = portal.number("SELECT count(*) FROM projects_repository")
        self.answers: Counter[str] = Counter()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(n,), daemon=True) for n in range(3)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def ask(self, method: str, path: str, **fields: str) -> int:
        """The status; 0 when the process died before it answered."""
        headers = {"Cookie": f"sessionid={self.session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)
        status = 0
        with suppress(OSError, http.client.HTTPException):
            connection.request(method, path, urlencode(fields) if fields else None, headers)
            response = connection.getresponse()
            response.read()
            status = response.status
        connection.close()
        self.answers[f"{method} {status or 'cut off'}"] += 1
        return status

    def register(self, path: Path, dice: random.Random) -> None:
        """By one of the forms; it leaves `waiting` only when an answer said that it is registered."""
        address = str(path)
        if dice.random() < 0.5:
            status = self.ask("POST", "/projects/register/one/", address=address, visibility="internal")
            done = status in {302, 422}  # 422: the answer of an earlier try was cut off, but the try was not
        else:
            done = self.ask("POST", "/projects/register/many/", lines=address, visibility="internal") == 200
        if done:
            self.waiting.remove(path)

    def register_rest(self, seconds: float = 90) -> None:
        """Once nobody kills any more."""
        dice, deadline = random.Random(self.seed), time.monotonic() + seconds
        while self.waiting and time.monotonic() < deadline:
            self.register(self.waiting[0], dice)
            time.sleep(0.2)

    def _visit(self, number: int) -> None:
        dice = random.Random(self.seed + number)
        pages = ["/", "/projects/", "/projects/?q=number+repo", "/projects/repository-1/", "/sync/", "/sync/1/"]
        while not self._done.wait(dice.uniform(0.05, 0.6)):
            if number == 0 and self.waiting:
                self.register(dice.choice(self.waiting), dice)
                self._done.wait(dice.uniform(1, 4))
            elif dice.random() < 0.3:
                self.ask("POST", f"/sync/{dice.randint(1, self.known)}/now/", x="")
            else:
                self.ask("GET", dice.choice(pages))


def kill_group(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_of(pid: int) -> list[tuple[int, str]]:
    """Children of a process: id and name."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found.append((int(child), Path(f"/proc/{child}/comm").read_text().strip()))
    return found


def now() -> datetime:
    return datetime.now(UTC)
