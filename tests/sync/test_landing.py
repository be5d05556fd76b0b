"""A change cut from a repository's own history is recognised by the sync when the history moves on."""

import pytest

from accounts.models import AuditEvent, Notification
from contributions import opportunities, requests
from contributions.checking import try_patch
from contributions.models import ChangeRequest, Opportunity, Warranty
from contributions.requests import Wish
from projects.models import Role
from sync import pipeline
from sync.registration import register
from tests.conftest import make_user
from tests.gitstore.builder import RepositoryBuilder

LINES = [f"line number {number} of the file" for number in range(40)]


def text(*changed):
    return "".join(f"{line}{' in other words' if number in changed else ''}\n" for number, line in enumerate(LINES))


@pytest.fixture
def origin(tmp_path):
    builder = RepositoryBuilder(tmp_path / "remotes" / "widget.git")
    builder.commit({"src/a.py": text(), "README.md": "# Widget\n"}, message="Begin")
    return builder


@pytest.fixture
def project(db, origin, team, owner):
    made = register(str(origin.path), by=None, team=team)
    Role.objects.create(project=made, user=owner, kind=Role.Kind.OWNER)
    return made


def sync(project):
    assert pipeline.run_job(project.repository.sync_job.pk, from_waiting=True)
    project.repository.refresh_from_db()


@pytest.mark.parametrize("rebased", [False, True], ids=["as it was", "rebased in other words"])
def test_request_and_its_task_land(project, origin, owner, other_team, rebased):
    author = make_user("erin", other_team)
    sync(project)
    base = origin.oid("refs/heads/main")
    change = origin.commit({"src/a.py": text(7, 30)}, message="Say it in other words", author="Erin <e@example.com>")
    patch = origin.git("format-patch", "--stdout", "-1", change)
    origin.set_ref("refs/heads/main", base)
    task = opportunities.post(Opportunity(project=project, title="Reword", kind="docs", effort="hour"), owner)
    opportunities.advance(task, opportunities.STEPS["take"], author)
    request = requests.offer(project, author, Wish("Reword", "", (), task), try_patch(project.repository, patch))
    assert Opportunity.objects.get().state == "in-review"
    if rebased:
        origin.commit({"README.md": "# The widget\n", "src/a.py": text(18)}, message="Meanwhile")
        change = origin.commit({"src/a.py": text(7, 18, 30)}, message="Quite another title")
    else:
        origin.set_ref("refs/heads/main", change)
    origin.commit({"README.md": "# Widgets\n"}, message="Later")
    sync(project)
    request, task = ChangeRequest.objects.get(), Opportunity.objects.get()
    assert (request.state, request.landed_commit, request.evidence) == ("landed", change, "patch-id")
    assert (task.state, task.timeline.last().commit, task.timeline.last().to_state) == ("landed", change, "landed")
    assert AuditEvent.objects.filter(action="opportunity.land", actor=None).count() == 1
    told = set(Notification.objects.values_list("user__username", "kind"))
    assert {("erin", "request-landed"), ("erin", "task-moved"), (owner.username, "task-moved")} <= told
    Notification.objects.all().delete()
    requests.refute(request, owner, "Not this one")
    task.refresh_from_db()
    assert (request.state, task.state, task.taken_by) == ("accepted", "in-review", author)
    assert (task.timeline.last().actor, task.closed_at) == (owner, None)
    assert Notification.objects.filter(user=author, kind="task-moved").count() == 1
    assert not Warranty.objects.exists()
