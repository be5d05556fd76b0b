from gitstore.arrivals import arrivals


def test_what_a_merge_brings_arrives_with_it(origin):
    start = origin.commit({"a": "1\n"}, when=1_700_000_000)
    side = origin.commit({"b": "1\n"}, branch="side", parents=[start], when=1_700_001_000)
    side2 = origin.commit({"b": "2\n"}, branch="side", when=1_700_002_000)
    own = origin.commit({"a": "2\n"}, when=1_700_003_000)
    merge = origin.commit({"b": "2\n"}, parents=[own, side2], when=1_700_009_000)
    last = origin.commit({"a": "3\n"}, when=1_700_010_000)
    assert arrivals(origin.path, last, 0) == {
        start: 1_700_000_000,
        side: 1_700_009_000,
        side2: 1_700_009_000,
        own: 1_700_003_000,
        merge: 1_700_009_000,
        last: 1_700_010_000,
    }
    assert set(arrivals(origin.path, last, 1_700_002_500)) == {own, merge, last}
