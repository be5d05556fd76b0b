"""Tasks that maintainers of the demo company offer, what became of them, and words of thanks."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Mail, Notification, User
from contributions import opportunities, trusted
from contributions.models import Opportunity, Thanks, TimelineEntry
from contributions.opportunities import STEPS
from projects.models import Project, Role

Kind, Effort = Opportunity.Kind, Opportunity.Effort


@dataclass(frozen=True, slots=True)
class Task:
    """One task, posted so many days ago. `steps`: (days ago, who, step or "" for a comment, words)."""

    slug: str
    poster: str
    days: float
    title: str
    description: str
    kind: str
    effort: str
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    mentor: str = ""
    first: bool = False
    path: str = ""
    due: int = 0
    steps: tuple[tuple[float, str, str, str], ...] = ()


TASKS = (
    Task(
        "route-planner", "maya", 6, "Explain why a stop cannot be reached",
        "Drivers see *no route* and call dispatch. `explain` knows the reason already, but nobody tells them.\n\n"
        "- Begin in `src/explain.rs`: there is a case for each constraint but this one.\n"
        "- It is done when the example from Hamburg names the closed bridge.",
        Kind.FEATURE, Effort.DAY, ("Rust",), ("routing",), mentor="tom", path="src/explain.rs",
        steps=((4, "erin", "", "Would the reason be a sentence, or a code that the app translates?"),
               (3.6, "tom", "", "A code. The app has the sentences in four languages.")),
    ),
    Task(
        "route-planner", "diego", 20, "Test time windows across midnight",
        "A window from 22:00 to 02:00 is valid, and nothing tests it. Copy the first test and move the clock.",
        Kind.TESTS, Effort.HOUR, ("Rust",), mentor="diego", first=True, path="tests/windows.rs",
    ),
    Task(
        "parcel-tracker", "maya", 3, "Say in the runbook what to do when partners send nothing",
        "The alert fires about once a month. Whoever is on call asks Aylin. Write down what Aylin says.",
        Kind.DOCS, Effort.HOUR, (), ("writing",), mentor="aylin", first=True, path="docs/runbook.md",
    ),
    Task(
        "parcel-tracker", "aylin", 30, "Read scans in batches",
        "Each scan is a transaction of its own, and in December that is too slow. Measure before and after.",
        Kind.REFACTORING, Effort.WEEK, ("Go",), ("sql", "performance"), mentor="aylin", path="internal/store/store.go",
        steps=((12, "sam", "take", "I know this one from the portal's side."),
               (5, "sam", "", "Batches of 200 work. Still to do: what happens when one of them is wrong.")),
    ),
    Task(
        "resilient-http", "tomasz", 15, "Count retries by reason",
        "`metrics` counts retries, but not why. Time-outs and refused connections need different answers.",
        Kind.FEATURE, Effort.DAY, ("Python",), ("metrics",), mentor="tomasz", path="resilient_http/metrics.py",
    ),
    Task(
        "resilient-http", "erin", 9, "Write a recipe for idempotent POST",
        "The most frequent question in the help channel. Three sentences and an example are enough.",
        Kind.DOCS, Effort.HOUR, ("Python",), ("writing",), mentor="erin", first=True, path="docs/recipes.md",
    ),
    Task(
        "resilient-http", "erin", 60, "Close the breaker slowly",
        "After a pause all requests return at once. Let one in ten through first.",
        Kind.FEATURE, Effort.WEEK, ("Python",), ("resilience",), mentor="tomasz", path="resilient_http/breaker.py",
        steps=((52, "diego", "take", ""), (41, "diego", "submit", "Ready, with a test that counts."),
               (38, "erin", "land", "Thank you. It is in the next release.")),
    ),
    Task(
        "tide-cli", "tom", 11, "Complete flag names in the shell",
        "`tide flags set <tab>` completes nothing. Service names work: the same with another list.",
        Kind.FEATURE, Effort.DAY, ("Go", "Shell"), ("cli",), mentor="priya", first=True, path="completions/tide.sh",
        due=25,
    ),
    Task(
        "tide-cli", "priya", 26, "Look at how tide doctor tells people what to do",
        "An hour of pairing: you run it on your machine, I watch and take notes.",
        Kind.PAIRING, Effort.HOUR, ("Go",), ("usability",), mentor="priya", path="commands/doctor.go",
    ),
    Task(
        "tideway-web", "elif", 8, "Let the date picker be used by keyboard alone",
        "Arrow keys move, but Page Up does nothing and Escape closes the dialog around it.",
        Kind.BUG, Effort.DAY, ("TypeScript",), ("accessibility", "react"), mentor="noah",
        path="packages/design-system/src/DatePicker.tsx",
    ),
    Task(
        "notification-service", "chiara", 5, "Translate the mails into Dutch",
        "The rules are there, `locales/nl.json` is not. You need no code for it.",
        Kind.DOCS, Effort.DAY, (), ("translation",), mentor="dmitri", first=True, path="locales/en.json",
    ),
    Task(
        "engineering-handbook", "camille", 18, "Read the page on contributing across teams as a newcomer",
        "Where do you stop understanding it? A list of places is all we need.",
        Kind.REVIEW, Effort.HOUR, (), ("writing",), mentor="camille", first=True,
        path="handbook/contributing-across-teams.md",
    ),
    Task(
        "invoice-engine", "ingrid", 14, "Round the fuel surcharge once, at the end",
        "It is rounded on each line, and customers add it up.",
        Kind.BUG, Effort.DAY, ("Java",), ("invoicing",), mentor="fatima",
        path="src/main/java/example/tideway/billing/FuelSurcharge.java",
    ),
)  # fmt: skip

# Project, from whom, to whom, how many days ago, words.
THANKS = (
    ("resilient-http", "erin", "diego", 37,
     "Diego, since the breaker closes slowly, nobody was woken up by a host that came back. **Five weeks in a row.**"),
    ("route-planner", "maya", "tom", 51,
     "Thank you, Tom, for reviewing every single change of other teams this quarter. Nobody waited two days."),
    ("parcel-tracker", "aylin", "sam", 16,
     "Sam, the customer portal shows the last scan because you wrote the query *and* the test. Support noticed first."),
    ("tide-cli", "priya", "erin", 80,
     "Thank you for `tide doctor`, Erin. New colleagues now find out alone what is missing on their machine."),
)  # fmt: skip
SINCE = 210  # days ago, trusted committers of the demo began; Grace was one until she left
NOMINEE = ("route-planner", "maya", "erin", "You know our constraints better than most of us. Would you like to?")


def offer_tasks(new: Iterable[Project], now: dt.datetime) -> None:
    """Tasks, thanks and roles of projects that have just been registered."""
    projects = {project.slug: project for project in new}
    names = {task.poster for task in TASKS} | {task.mentor for task in TASKS} | {"grace", "sam", "maya", "tom"}
    people = User.objects.in_bulk([*names, "diego", "aylin", "erin", "priya"], field_name="username")
    for task in TASKS:
        if task.slug in projects:
            _offer(task, projects[task.slug], people, now)
    for slug, author, person, days, text in THANKS:
        if slug in projects:
            moment = now - dt.timedelta(days=days)
            made = Thanks(project=projects[slug], author=people[author], person=people[person], text=text)
            made.state, made.drafted_at, made.sent_at = Thanks.State.SENT, moment, moment
            made.save()
    _give_history(projects, people, now)
    # Nobody is written to about a made-up past.
    Mail.objects.filter(notifications__project__in=projects.values(), sent_at=None).delete()


def _offer(task: Task, project: Project, people: dict[str, User], now: dt.datetime) -> None:
    posted = now - dt.timedelta(days=task.days)
    made = Opportunity(
        project=project,
        title=task.title,
        description=task.description,
        kind=task.kind,
        effort=task.effort,
        languages=list(task.languages),
        skills=list(task.skills),
        mentor=people.get(task.mentor),
        good_first=task.first,
        path=task.path,
        deadline=(now + dt.timedelta(days=task.due)).date() if task.due else None,
        created_at=posted,
    )
    opportunities.post(made, people[task.poster])
    _back_date(made, posted, now)
    for days, who, step, words in task.steps:
        moment = now - dt.timedelta(days=days)
        if step:
            opportunities.advance(made, STEPS[step], people[who], words)
        else:
            opportunities.comment(made, people[who], words)
        _back_date(made, moment, now)


def _back_date(task: Opportunity, moment: dt.datetime, now: dt.datetime) -> None:
    """What has just happened, happened then."""
    last = TimelineEntry.objects.filter(opportunity=task).order_by("pk").last()
    TimelineEntry.objects.filter(pk=last.pk if last else 0).update(at=moment)
    columns = {"sign_of_life_at": moment} if task.is_under_way else {}
    columns |= {"taken_at": moment} if last and last.to_state == Opportunity.State.TAKEN else {}
    columns |= {"closed_at": moment} if last and last.to_state == Opportunity.State.LANDED else {}
    if columns:
        Opportunity.objects.filter(pk=task.pk).update(**columns)
    task.refresh_from_db()
    Notification.objects.filter(url=task.get_absolute_url(), created_at__gte=now).update(created_at=moment)


def _give_history(projects: dict[str, Project], people: dict[str, User], now: dt.datetime) -> None:
    """Roles that began some time ago, one that has ended, and a question that waits for an answer."""
    trusted_roles = Role.objects.filter(project__in=projects.values(), kind=trusted.TRUSTED)
    trusted_roles.update(started_on=(now - dt.timedelta(days=SINCE)).date())
    if "tide-cli" in projects:
        begun, ended = ((now - dt.timedelta(days=days)).date() for days in (700, 300))
        Role.objects.create(
            project=projects["tide-cli"], user=people["grace"], kind=trusted.TRUSTED, started_on=begun, ended_on=ended
        )
    slug, maintainer, person, words = NOMINEE
    if slug in projects:
        trusted.nominate(projects[slug], people[person], words, people[maintainer])
