"""The page about notifications tells of every kind, and of no other."""

import re
from pathlib import Path

from accounts.notifications import KINDS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "notifications.md"


def test_every_kind_is_documented_with_its_way():
    rows = re.findall(r"^\| `([\w-]+)` \|[^|]+\| (\w+) \|$", DOCS.read_text(), re.MULTILINE)
    assert dict(rows) == {kind.name: kind.way.value for kind in KINDS.values()}
