import pytest

from gitstore.followups import follow_ups

BEFORE = [f"line {number}" for number in range(20)]


def text(*rows):
    return "\n".join(rows) + "\n"


@pytest.fixture
def start(origin):
    return origin.commit({"a.txt": text(*BEFORE), "b.txt": "b\n"})


@pytest.fixture
def landed(origin, start):
    return origin.commit({"a.txt": text(*BEFORE[:5], "brought one", "brought two", *BEFORE[5:]), "new.txt": "new\n"})


def test_same_lines_changed_later(origin, landed):
    origin.commit({"a.txt": text("first", *BEFORE[:5], "brought one", "brought two", *BEFORE[5:])}, message="Elsewhere")
    fix = origin.commit(
        {"a.txt": text("first", *BEFORE[:5], "brought 1", "brought two", *BEFORE[5:])}, message="Fix it"
    )
    head = origin.commit({"b.txt": "c\n"})
    (found,) = follow_ups(origin.path, [landed], landed, head)
    assert (found.commit.oid, found.is_revert, found.lines, found.paths) == (fix, False, 1, (b"a.txt",))
    assert follow_ups(origin.path, [landed], fix, head) == []


def test_revert(origin, start, landed):
    message = f'Revert "Change"\n\nThis reverts commit {landed}.\n'
    revert = origin.commit({"a.txt": text(*BEFORE), "new.txt": None}, message=message)
    (found,) = follow_ups(origin.path, [landed], landed, revert)
    assert found.is_revert
    assert found.lines == 3
    assert found.paths == (b"a.txt", b"new.txt")


def test_what_a_merge_brought(origin, start):
    side = origin.commit({"new.txt": "brought by the branch\n"}, branch="side", parents=[start])
    main = origin.commit({"b.txt": "c\n"})
    merge = origin.commit({"new.txt": "brought by the branch\n"}, parents=[main, side], message="Merge")
    fix = origin.commit({"new.txt": "repaired\n"})
    assert [one.commit.oid for one in follow_ups(origin.path, [merge], merge, fix)] == [fix]
