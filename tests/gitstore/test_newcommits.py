import pytest

from gitstore.changes import change_ids
from gitstore.newcommits import ids_of, new_commits


@pytest.fixture
def start(origin):
    return origin.commit({"a.txt": "one\n", "dir/b.txt": "one\n"})


def test_new_commits_with_paths_trailers_and_merges(origin, start):
    first = origin.commit({"a.txt": "two\n"}, message="Second\n\nWhy.\n\nRequest: #12\nReviewed-by: Bo <b@x>\n")
    side = origin.commit({"dir/\nodd": "o\n", "dir/b.txt": None}, branch="side", parents=[start])
    merge = origin.commit({"dir/\nodd": "o\n", "dir/b.txt": None}, parents=[first, side], message="Merge side")
    empty = origin.commit({}, message="Nothing")
    found = new_commits(origin.path, start, empty)
    assert {commit.oid for commit in found} == {first, side, merge, empty}
    by_id = {commit.oid: commit for commit in found}
    assert by_id[first].paths == {b"a.txt"}
    assert by_id[first].trailers == (("Request", "#12"), ("Reviewed-by", "Bo <b@x>"))
    assert by_id[first].title == "Second"
    assert by_id[merge].paths == by_id[side].paths == {b"dir/\nodd", b"dir/b.txt"}
    assert by_id[empty].paths == frozenset()
    assert [commit.oid for commit in found].index(side) < [commit.oid for commit in found].index(merge)


def test_ids_of_merges_are_of_what_they_brought(origin, start):
    first = origin.commit({"a.txt": "another line that counts for something\n"})
    side = origin.commit({"dir/b.txt": "a line that counts for something\n"}, branch="side", parents=[start])
    merge = origin.commit({"dir/b.txt": "a line that counts for something\n"}, parents=[first, side])
    ids = ids_of(origin.path, new_commits(origin.path, start, merge))
    assert ids[merge] == ids[side]
    assert ids[first] != ids[side]
    assert ids[first] == change_ids([origin.git("diff", "--full-index", start, first)])[0]


def test_only_ids_are_taken(origin, start):
    with pytest.raises(ValueError, match="commit ids"):
        new_commits(origin.path, "--all", start)
