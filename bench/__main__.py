"""`python -m bench [NAME...]`: runs these benchmarks, or all; exit code 1 if a goal is missed."""

import importlib
import pkgutil
import sys
from pathlib import Path

names = sys.argv[1:] or [
    m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_")
]
missed = [f"{name}: {goal}" for name in names for goal in importlib.import_module(f"bench.{name}").main()]
print("\n".join(["", "Goals missed:", *missed] if missed else ["", "All goals met."]))
sys.exit(bool(missed))
