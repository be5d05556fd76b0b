"""A benchmark in a process of its own, with a portal's settings and a data folder that goes when it ends."""

import os
import subprocess
import sys
import tempfile


def run_apart(module: str, *arguments: str, **settings: str) -> list[str]:
    """Run `python -m MODULE` and show what it prints as it comes; the goals that its `  missed: ` lines name.

    BENCH_FOLDER tells the module where it may write. Raises SystemExit when it fails.
    """
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "innersource_portal.settings",
            "PORTAL_SECRET_KEY": "b" * 50,
            "PORTAL_DATA_DIR": f"{folder}/data",
            "PORTAL_LOG_LEVEL": "ERROR",
            "BENCH_FOLDER": folder,
            **settings,
        }
        command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
        with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                if line.startswith("  missed: "):
                    missed.append(line.removeprefix("  missed: ").rstrip("\n"))
    if process.returncode:
        raise SystemExit(f"{module} failed.")
    return missed
