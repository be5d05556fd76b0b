"""Who hears of what happens to an opportunity: whoever posted it, its mentor, and whoever has or had it."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from accounts.notifications import notify
from contributions.models import Opportunity
from projects.models import Project


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an opportunity, in a sentence and further words; `actor` None is the portal."""

    kind: str
    opportunity: Opportunity
    title: str
    actor: User | None
    words: str = ""

    def tell(self, people: Iterable[User], reason: str) -> None:
        """`reason` completes "You get this because …"."""
        task = self.opportunity
        url = task.get_absolute_url()
        notify(people, self.kind, self.title, url, reason, project=task.project, text=self.words, actor=self.actor)


_MOVED = {
    "take": "{actor} took the task {task}",
    "submit": "{actor} asks for a review of {task}",
    "resume": "{actor} sees more work to do on {task}",
    "land": "The task {task} has landed",
    "not-landed": "The task {task} has not landed after all",
    "give-back": "{actor} gave the task {task} back",
    "reopen": "The task {task} is open again",
    "withdraw": "{actor} withdrew the task {task}",
}


def posted(opportunity: Opportunity, poster: User) -> None:
    """Followers of the project hear of a new task, and its mentor does."""
    project = opportunity.project
    title = f"{project.name} offers a task: {opportunity.title}"
    followers = User.objects.filter(follows__project=project, is_active=True).exclude(pk=opportunity.mentor_id or 0)
    News("task-posted", opportunity, title, poster).tell(followers, f"you follow {project.name}")
    if opportunity.mentor:
        News("task-moved", opportunity, title, poster).tell([opportunity.mentor], "you are its mentor")


def commented(opportunity: Opportunity, author: User, text: str) -> None:
    """Everybody who takes part hears of a comment, also those who commented before."""
    title = f"{author.display_name} comments on {opportunity.title}"
    news = News("task-comment", opportunity, title, author, text)
    spoke = User.objects.filter(pk__in=opportunity.timeline.filter(kind="comment").values("actor"))
    people = _people(opportunity)
    for person, reason in people.items():
        news.tell([person], reason)
    news.tell([person for person in spoke if person not in people], "you commented on it")


def advanced(opportunity: Opportunity, step: str, actor: User | None, taker: User | None, text: str) -> None:
    """Everybody who takes part hears of a change of state; `taker` had the task before."""
    name = actor.display_name if actor else "The portal"
    title = _MOVED[step].format(actor=name, task=opportunity.title)
    people = _people(opportunity)
    if taker:
        people.setdefault(taker, "you had taken it")
    for person, reason in people.items():
        News("task-moved", opportunity, title, actor, text).tell([person], reason)


def asked(opportunity: Opportunity) -> None:
    """The taker is asked whether it goes on."""
    if opportunity.taken_by:
        title = f"Are you still on the task {opportunity.title}?"
        text = "Nothing was heard of it for a while. Without an answer it is opened again for others."
        News("task-silent", opportunity, title, None, text).tell([opportunity.taken_by], "you took it")


def proposed(project: Project, number: int, url: str) -> None:
    """Those who hold a role hear that the code suggests tasks; a whole team would be too many."""
    people = User.objects.filter(pk__in=project.roles.current().values("user"), is_active=True)
    title = f"The code of {project.name} suggests {number} starter task{'' if number == 1 else 's'}"
    notify(people, "task-proposed", title, url, f"you maintain {project.name}", project=project)


def _people(opportunity: Opportunity) -> dict[User, str]:
    """Who takes part, with the reason why they hear of it."""
    people: dict[User, str] = {}
    for person, reason in (
        (opportunity.taken_by, "you took it"),
        (opportunity.mentor, "you are its mentor"),
        (opportunity.created_by, "you posted it"),
    ):
        if person and person.is_active:
            people.setdefault(person, reason)
    return people
