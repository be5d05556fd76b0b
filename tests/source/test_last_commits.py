"""The last commit of each entry equals git's own answer, whatever the history looks like."""

import os
import random

import pytest

from gitstore import lastcommits
from gitstore.objects import open_objects
from gitstore.records import Limits

LIMITS = Limits(seconds=60)


def theirs(builder, commit, directory, names):
    found = {}
    for name in names:
        path = os.fsdecode(b"/".join(filter(None, [directory, name])))
        args = ["--literal-pathspecs", "log", "-1", "--format=%H", commit, "--", path]
        found[name] = builder.git(*args).decode().strip()
    return found


def ours(builder, commit, directory, seconds=60, known=lambda _commit: None):
    with open_objects(builder.path, LIMITS) as reader:
        tree = reader.at(reader.commit(commit).tree, directory)
        walk = lastcommits.begin(directory, commit, reader.tree(tree.oid))
        lastcommits.advance(reader, walk, seconds, known)
        rounds = 1
        while not walk.complete:
            lastcommits.advance(reader, walk, seconds, known)
            rounds += 1
            assert rounds < 10_000
        return walk.found


def check(builder, directory=b"", branch="main"):
    commit = builder.oid(f"refs/heads/{branch}")
    found = ours(builder, commit, directory)
    assert found == theirs(builder, commit, directory, found)
    return found


def merge(builder, files, *others, branch="main"):
    return builder.commit(files, branch=branch, parents=[builder.oid(f"refs/heads/{branch}"), *others])


def test_a_straight_line(repository_builder):
    builder = repository_builder()
    for number in range(30):
        builder.commit({f"f{number % 7}.txt": f"{number}", f"dir/{number % 3}/x": f"{number}"})
    assert len(check(builder)) == 8
    check(builder, b"dir")


def test_a_side_whose_change_was_dropped(repository_builder):
    builder = repository_builder()
    base = builder.commit({"a": "1", "b": "1", "c": "1"})
    side = builder.commit({"a": "side", "b": "side"}, branch="side", parents=[base])
    builder.commit({"c": "2"})
    merge(builder, {"b": "side"}, side)
    check(builder)


def test_the_same_change_made_twice(repository_builder):
    builder = repository_builder()
    base = builder.commit({"a": "1", "b": "1"})
    ours_ = builder.commit({"a": "same"})
    theirs_ = builder.commit({"a": "same", "b": "2"}, branch="side", parents=[base])
    merge(builder, {"b": "2"}, theirs_)
    found = check(builder)
    assert found[b"a"] == ours_
    assert found[b"b"] == theirs_


def test_a_merge_that_changes_something_itself(repository_builder):
    builder = repository_builder()
    base = builder.commit({"a": "1", "d/x": "1"})
    side = builder.commit({"a": "2"}, branch="side", parents=[base])
    builder.commit({"a": "3"})
    evil = merge(builder, {"a": "4", "d/x": "2"}, side)
    builder.commit({"other": "1"})
    found = check(builder)
    assert found[b"a"] == evil


def test_modes_types_and_returns(repository_builder):
    builder = repository_builder()
    builder.commit({"run": "x", "link": "x", "back": "1", "gone/then": "1"})
    builder.commit({"run": ("100755", "x"), "back": "2"})
    builder.commit({"link": ("120000", "run"), "back": "1", "gone/then": None})
    builder.commit({"gone": "a file now", "sub": ("160000", "1" * 40)})
    check(builder)


def test_an_octopus_and_a_second_root(repository_builder):
    builder = repository_builder()
    base = builder.commit({"a": "1", "b": "1", "c": "1"})
    one = builder.commit({"a": "2"}, branch="one", parents=[base])
    two = builder.commit({"b": "2"}, branch="two", parents=[base])
    root = builder.commit({"lib/x": "1"}, branch="lib", parents=())
    merge(builder, {"a": "2", "b": "2", "lib/x": "1"}, one, two, root)
    check(builder)
    found = check(builder, b"lib")
    assert found[b"x"] == root


@pytest.mark.parametrize("seed", range(6))
def test_generated_histories(repository_builder, seed):
    dice = random.Random(seed)
    builder = repository_builder(f"r{seed}.git")
    names = ["a", "b", "d/x", "d/y", "d/e/z", "f\nline", "\xfd"]
    tips = {"main": builder.commit(dict.fromkeys(names, "0"))}
    state = {"main": dict.fromkeys(names, "0")}
    for _ in range(60):
        branch = dice.choice(list(tips))
        files = dict(state[branch])
        roll = dice.random()
        if roll < 0.25 and len(tips) < 5:
            name = f"s{len(tips)}"
            tips[name], state[name] = tips[branch], files
            builder.set_ref(f"refs/heads/{name}", tips[name])
            continue
        parents = [tips[branch]]
        if roll < 0.6 and len(tips) > 1:
            other = dice.choice([name for name in tips if name != branch])
            parents.append(tips[other])
            files = {name: dice.choice([files[name], state[other][name]]) for name in names}
            if dice.random() < 0.2:
                files[dice.choice(names)] = str(dice.randrange(4))
        else:
            files[dice.choice(names)] = str(dice.randrange(4))
        tips[branch] = builder.commit(
            files, branch=branch, parents=parents, when=builder.when + dice.randrange(-90, 99)
        )
        state[branch] = files
    for branch in tips:
        for directory in (b"", b"d", b"d/e"):
            check(builder, directory, branch)


def test_a_search_that_is_stopped_all_the_time_ends_with_the_same(repository_builder):
    builder = repository_builder()
    for number in range(40):
        builder.commit({f"f{number % 9}": f"{number}"})
    side = builder.commit({"f1": "side", "f2": "side"}, branch="side")
    merge(builder, {"f1": "side", "f2": "side"}, side)
    commit = builder.oid("refs/heads/main")
    found = ours(builder, commit, b"", seconds=0.003)
    assert found == theirs(builder, commit, b"", found)


def test_what_is_known_of_an_earlier_state_is_taken_over(repository_builder):
    builder = repository_builder()
    for number in range(9):
        builder.commit({f"f{number}": "1"})
    earlier = builder.oid("refs/heads/main")
    kept = ours(builder, earlier, b"")
    newest = builder.commit({"f3": "2"})
    asked = []

    def known(commit):
        asked.append(commit)
        return kept if commit == earlier else None

    found = ours(builder, newest, b"", known=known)
    assert found == theirs(builder, newest, b"", found)
    assert asked == [newest, earlier]


def test_a_folder_with_a_line_feed_in_its_name(repository_builder):
    builder = repository_builder()
    builder.commit({"d\nx/a": "1", "d\nx/b": "1"})
    builder.commit({"d\nx/b": "2"})
    check(builder, b"d\nx")


def test_the_answer_depends_on_the_folder_commit_only(repository_builder):
    builder = repository_builder()
    builder.commit({"d/a": "1", "o": "1"})
    last = builder.commit({"d/b": "1"})
    builder.commit({"o": "2"})
    with open_objects(builder.path, LIMITS) as reader:
        assert lastcommits.folder_commit(reader, builder.oid("refs/heads/main"), b"d") == last
