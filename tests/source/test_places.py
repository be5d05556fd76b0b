"""Nobody takes all threads of a web process with pages of code."""

import pytest
from django.test import Client

from source import places


@pytest.fixture
def project(planted, repository_builder, monkeypatch):
    monkeypatch.setattr(places, "WAIT_SECONDS", 0.01)
    builder = repository_builder()
    builder.commit({"a.txt": "1", "big.bin": b"\0" * (2 * 1024**2)})
    return planted(builder)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def hold(client, number):
    """Answers that are still on their way."""
    return [client.get("/projects/widget/raw/main/big.bin") for _ in range(number)]


def test_one_viewer_who_has_enough_waits_and_others_do_not(project, stranger, owner):
    greedy, other = signed_in(stranger), signed_in(owner)
    held = hold(greedy, places.ONE_VIEWER)
    answer = greedy.get("/projects/widget/blame/main/a.txt")
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0 and b"busy" in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert other.get("/projects/widget/blame/main/a.txt").status_code == 200
    for one in held:
        one.close()
        one.close()
    assert greedy.get("/projects/widget/blame/main/a.txt").status_code == 200
    assert places._taken.total() == 0


def test_all_viewers_together_leave_threads_to_other_pages(project, stranger, owner, administrator):
    held = hold(signed_in(stranger), places.ONE_VIEWER) + hold(signed_in(owner), places.AT_ONCE - places.ONE_VIEWER)
    client = signed_in(administrator)
    assert client.get("/projects/widget/tree/main").status_code == 503
    assert client.get("/").status_code == 200
    for one in held:
        one.close()
    assert client.get("/projects/widget/tree/main").status_code == 200


def test_what_was_drawn_before_needs_no_place(project, stranger):
    client = signed_in(stranger)
    client.get("/projects/widget/tree/main")
    client.get("/projects/widget/tree/main")
    held = hold(client, places.ONE_VIEWER)
    assert client.get("/projects/widget/tree/main").status_code == 200
    for one in held:
        one.close()


def test_failed_pages_give_their_places_back(project, stranger):
    client = signed_in(stranger)
    for _ in range(places.AT_ONCE + 1):
        assert client.get("/projects/widget/blob/main/nope").status_code == 404
    assert places._taken.total() == 0


def test_threads_outnumber_the_places():
    from innersource_portal import gunicorn
    from source.views import archive

    # One more request of each process may wait for its place.
    assert gunicorn.threads > places.AT_ONCE + 1 > places.ONE_VIEWER + 1 > archive.AT_ONCE + 1
