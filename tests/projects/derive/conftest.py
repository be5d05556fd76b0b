import pytest

from tests.projects.derive.trees import make_tree


@pytest.fixture
def tree(tmp_path):
    """Make a snapshot of given files: tree({"README.md": "..."})."""
    return lambda files: make_tree(tmp_path / f"repository-{len(list(tmp_path.iterdir()))}", files)
