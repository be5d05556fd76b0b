"""Changes that people of the demo company offered each other, in every state; what landed is of the history itself."""

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Mail, Notification, User
from contributions import requests
from contributions.checking import Offer
from contributions.models import ChangeRequest
from contributions.requests import Wish
from demo.build import DemoRepository
from demo.organisation import ORGANISATION
from gitstore.errors import GitError
from gitstore.newcommits import NewCommit, new_commits
from gitstore.objects import open_objects
from gitstore.patch_mails import read_patches
from gitstore.patches import check_patches
from gitstore.process import run_git
from gitstore.records import Limits
from projects.models import Project

LIMITS = Limits(seconds=30)
State = ChangeRequest.State
LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Story:
    """One request: who offers it how many days ago, and what came of it: (days ago, who, state or "" for words, words).

    `lines`: what a patch adds at the end of the README.
    """

    slug: str
    author: str
    days: float
    title: str
    why: str
    steps: tuple[tuple[float, str, str, str], ...] = ()
    lines: tuple[str, ...] = ()


STORIES = (
    Story(
        "parcel-tracker", "erin", 2.2, "Say in the README how to run it against staging",
        "Three of us asked in chat within a week. The address and the one setting that matters are enough.",
        lines=("", "## Against staging", "", "Set `TRACKER_URL=https://staging.tideway.example`."),
    ),
    Story(
        "parcel-tracker", "sam", 9, "Show the last scan on the map",
        "Support looks it up by hand, **forty times a day**. I would take the data that `scans` has already.",
        ((8.8, "maya", State.WELCOMED, "Yes, please. The map code is in the middle of a change: begin after Thursday."),
         (8.1, "sam", "", "Good, then I have time for the tests first.")),
    ),
    Story(
        "route-planner", "sam", 12, "Name the units in the README",
        "Metres or seconds? I had to read the code to find out.",
        ((11.2, "tom", State.CHANGES_WANTED, "Right. Could you say it for the cost function, too?"),),
        ("", "## Units", "", "Distances are metres, times are seconds."),
    ),
    Story(
        "resilient-http", "maya", 40, "Retry on every status from 400 on",
        "Our gateway answers 400 when it is busy.",
        ((39.5, "erin", State.DECLINED, "A 400 means that trying again cannot help. Fix the gateway."),),
    ),
    Story(
        "invoice-engine", "tomasz", 5, "Round at the end, not line by line",
        "The sum differs by a cent now and then.",
        ((4.6, "ingrid", State.ACCEPTED, "Agreed. Send it when the tax tests are green."),),
    ),
)  # fmt: skip
LANDED = (("route-planner", 30), ("resilient-http", 20), ("tide-cli", 25))


def offer_changes(built: Iterable[DemoRepository], new: Iterable[Project], now: dt.datetime) -> int:
    """The stories of those projects that are new; how many. Nothing of it is mailed."""
    projects = {project.slug: project for project in new}
    places = {repository.slug: repository for repository in built}
    people = User.objects.in_bulk(field_name="username")
    made = []
    for story in STORIES:
        if story.slug in projects:
            made.append(_tell(story, projects[story.slug], places[story.slug], people, now))
    for slug, days in LANDED:
        if slug in projects and (found := _landed(projects[slug], places[slug], people, days)):
            made.append(found)
    urls = [request.get_absolute_url() for request in made]
    waiting = Notification.objects.filter(url__in=urls).exclude(mail=None)
    Mail.objects.filter(pk__in=list(waiting.values_list("mail_id", flat=True))).delete()
    return len(made)


def _tell(
    story: Story, project: Project, place: DemoRepository, people: dict[str, User], now: dt.datetime
) -> ChangeRequest:
    change = _readme_patch(place, story.lines) if story.lines else None
    wish = Wish(story.title, story.why, ["README.md"] if change else [])
    request = requests.offer(project, people[story.author], wish, change)
    for _, name, to, words in story.steps:
        if to:
            requests.answer(request, people[name], request.state, to, words)
        else:
            requests.comment(request, people[name], words, maintains=False)
    _date(request, [now - dt.timedelta(days=days) for days in (story.days, *(step[0] for step in story.steps))])
    return request


def _date(request: ChangeRequest, times: list[dt.datetime]) -> None:
    """As if it had happened at these times, one for each line of the timeline."""
    for entry, at in zip(request.timeline.all(), times, strict=True):
        request.timeline.filter(pk=entry.pk).update(at=at)
    answered = times[1] if request.answered_at else None
    closed = times[-1] if request.closed_at else None
    columns = {"created_at": times[0], "changed_at": times[-1], "answered_at": answered, "closed_at": closed}
    ChangeRequest.objects.filter(pk=request.pk).update(**columns)
    Notification.objects.filter(url=request.get_absolute_url()).update(created_at=times[-1])


def _readme_patch(place: DemoRepository, lines: tuple[str, ...]) -> Offer | None:
    with open_objects(place.path, LIMITS) as reader:
        head = reader.commit("HEAD")
        found = reader.read("HEAD:README.md", 10**6)
    if head is None or found is None or found.content is None:
        return None
    before = found.content.decode("utf-8").splitlines(keepends=True)
    after = [*before, *(f"{line}\n" for line in lines)]
    diff = "".join(difflib.unified_diff(before, after, "a/README.md", "b/README.md"))
    data = f"diff --git a/README.md b/README.md\n{diff}".encode()
    mails = read_patches(data)
    return Offer(check_patches(place.path, head.oid, mails), data=data, mails=mails)


def _landed(project: Project, place: DemoRepository, people: dict[str, User], days: int) -> ChangeRequest | None:
    """A change of the history that came from another team, as a request that was offered before and landed with it."""
    commit, author = _from_outside(place, people)
    if commit is None or author is None:
        return None
    at = dt.datetime.fromtimestamp(commit.committed_at, dt.UTC)
    data = run_git(["format-patch", "--stdout", "-1", commit.oid], git_dir=place.path, limits=LIMITS)
    mails = read_patches(data)
    try:
        offer = Offer(check_patches(place.path, commit.parents[0], mails), data=data, mails=mails)
    except GitError:
        return None
    request = requests.offer(project, author, Wish(commit.title, "As said in the commit."), offer)
    owner = people[ORGANISATION.repository(place.slug).owners[0]]
    requests.answer(request, owner, State.OFFERED, State.ACCEPTED, "Fine, thanks.")
    requests.land(request, [commit.oid], at, ChangeRequest.Evidence.PATCH_ID, None)
    _date(request, [at - dt.timedelta(days=3), at - dt.timedelta(days=3, hours=-days), at])
    return request


def _from_outside(place: DemoRepository, people: dict[str, User]) -> tuple[NewCommit | None, User | None]:
    """The newest change by somebody of another team who has an account."""
    outside = {person.name: people[person.username] for person in ORGANISATION.people if person.team != place.team}
    with open_objects(place.path, LIMITS) as reader:
        head = reader.commit("HEAD")
    for commit in reversed(new_commits(place.path, "", head.oid)[-LOOKED_AT:] if head else []):
        if len(commit.parents) == 1 and commit.paths and commit.author in outside and outside[commit.author].is_active:
            return commit, outside[commit.author]
    return None, None
