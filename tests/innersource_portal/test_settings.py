import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r'(?:env(?:\.\w+)?|environ(?:\.get)?)[\[(]\s*"([A-Z_]+)"')


def variables_read():
    sources = [ROOT / "innersource_portal" / name for name in ("settings.py", "gunicorn.py")]
    return {name for source in sources for name in READ.findall(source.read_text())}


def variables_documented():
    return set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))


def start(**variables):
    """Run the system checks as production would; returns the finished process."""
    environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"} | variables
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


SAFE = {"PORTAL_SECRET_KEY": "k" * 50, "PORTAL_ALLOWED_HOSTS": "portal.example.com"}


def test_every_variable_is_documented_and_no_other():
    assert variables_documented() == variables_read()


class TestUnsafeProduction:
    def test_safe_settings_start(self, tmp_path):
        assert start(**SAFE, PORTAL_DATA_DIR=str(tmp_path)).returncode == 0

    def test_no_secret_key(self, tmp_path):
        result = start(PORTAL_ALLOWED_HOSTS="portal.example.com", PORTAL_DATA_DIR=str(tmp_path))
        assert result.returncode != 0
        assert "PORTAL_SECRET_KEY is not set" in result.stderr

    def test_no_allowed_host(self, tmp_path):
        result = start(PORTAL_SECRET_KEY="k" * 50, PORTAL_DATA_DIR=str(tmp_path))
        assert result.returncode != 0
        assert "PORTAL_ALLOWED_HOSTS" in result.stderr

    def test_debug_beyond_this_machine(self, tmp_path):
        result = start(
            **SAFE, PORTAL_DEBUG="1", PORTAL_BASE_URL="https://portal.example.com", PORTAL_DATA_DIR=str(tmp_path)
        )
        assert result.returncode != 0
        assert "PORTAL_DEBUG" in result.stderr

    def test_demo_accounts_with_a_real_portal(self, tmp_path):
        result = start(**SAFE, PORTAL_DEMO="1", PORTAL_DATA_DIR=str(tmp_path))
        assert result.returncode != 0
        assert "PORTAL_DEMO" in result.stderr


def test_postgresql_compiles_no_query_unless_its_address_says_so():
    shown = []
    for address in ("postgres://portal@host/name", "postgres://portal@host/name?options=-c%20jit%3Don"):
        code = "from innersource_portal import settings; print(settings.DATABASES['default']['OPTIONS'])"
        environment = {"PATH": os.environ["PATH"], **SAFE, "DATABASE_URL": address}
        command = [sys.executable, "-W", "ignore", "-c", code]
        shown.append(
            subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        )
    assert ["jit=off" in shown[0], "jit=on" in shown[1], "jit=off" in shown[1]] == [True, True, False]
