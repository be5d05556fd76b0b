"""Who is told what about requests. Nobody is told of what they did, nor of a project that they may not read."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Membership, User
from accounts.notifications import notify
from contributions.models import ChangeRequest, FollowUp, RequestVersion
from projects.models import Project, Role

MOST = 200
OFFERED = "you offered it"


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a request, in a sentence and further words; `actor` None is the portal."""

    request: ChangeRequest
    kind: str
    title: str
    actor: User | None = None
    words: str = ""

    def tell(self, people: Iterable[User], reason: str) -> None:
        """`reason` completes "You get this because …"."""
        request = self.request
        url = request.get_absolute_url()
        notify(people, self.kind, self.title, url, reason, project=request.project, text=self.words, actor=self.actor)

    def tell_author(self, reason: str = OFFERED) -> None:
        self.tell([self.request.author], reason)

    def tell_maintainers(self, but: Iterable[int] = ()) -> None:
        """All of them but the author, and others who are told for another reason."""
        known = {self.request.author_id, *but}
        people = [person for person in maintainers(self.request.project) if person.pk not in known]
        self.tell(people, f"you maintain {self.request.project.name}")


def maintainers(project: Project) -> list[User]:
    """The owning team of today, and who holds a role."""
    roles = Role.objects.current().filter(project=project).values("user_id")
    team = Membership.objects.current().filter(team=project.owner_id, user__isnull=False).values("user_id")
    people = User.objects.filter(Q(pk__in=roles) | Q(pk__in=team), is_active=True)
    return list(people.order_by("pk")[:MOST])


def offered(request: ChangeRequest) -> None:
    """Maintainers: somebody would like to change something."""
    title = f"{request.author.display_name} offers a change to {request.project.name}: {request.title}"
    News(request, "request-offered", title, request.author, request.why).tell_maintainers()


def answered(request: ChangeRequest, actor: User, to: str, words: str) -> None:
    """The author: what was decided."""
    word = ChangeRequest.State(to).label.lower()
    title = f"{actor.display_name} answers your change to {request.project.name} ({word}): {request.title}"
    News(request, "request-answered", title, actor, words).tell_author()


def withdrawn(request: ChangeRequest, actor: User) -> None:
    """Maintainers: nothing to do any more."""
    title = f"{actor.display_name} withdraws a change to {request.project.name}: {request.title}"
    News(request, "request-withdrawn", title, actor).tell_maintainers()


def commented(request: ChangeRequest, actor: User, words: str) -> None:
    """The author, who spoke before, and the maintainers."""
    title = f"{actor.display_name} comments on a change to {request.project.name}: {request.title}"
    news = News(request, "request-comment", title, actor, words)
    news.tell_author()
    said = User.objects.filter(pk__in=request.timeline.exclude(actor=None).values("actor_id"))
    spoke = [person for person in said[:MOST] if person.pk != request.author_id]
    news.tell(spoke, "you take part in it")
    news.tell_maintainers(but=[person.pk for person in spoke])


def offered_again(request: ChangeRequest, version: RequestVersion, actor: User) -> None:
    """Maintainers: there is another version."""
    title = f"Version {version.number} of a change to {request.project.name}: {request.title}"
    News(request, "request-version", title, actor).tell_maintainers()


def landed(request: ChangeRequest, actor: User | None) -> None:
    """Both sides: it is in."""
    words = f"{request.landed_commit[:10]}: {request.get_evidence_display()}."
    news = News(request, "request-landed", f"Landed in {request.project.name}: {request.title}", actor, words)
    news.tell_author()
    news.tell_maintainers()


def warranty_waived(request: ChangeRequest, actor: User) -> None:
    """The author: no more duties."""
    title = f"{actor.display_name} waives the warranty of your change to {request.project.name}: {request.title}"
    News(request, "warranty", title, actor).tell_author()


def warranty_ended(request: ChangeRequest, words: str) -> None:
    """Both sides."""
    title = f"The warranty of a change to {request.project.name} ended: {request.title}"
    news = News(request, "warranty", title, None, f"It ended with {words}.")
    news.tell_author()
    news.tell_maintainers()


def follow_up(request: ChangeRequest, found: FollowUp) -> None:
    """Both sides: a later commit takes it back or changes it."""
    what = "A commit takes back" if found.kind == FollowUp.Kind.REVERT else "A later commit changes lines of"
    title = f"{what} a change to {request.project.name}: {request.title}"
    news = News(request, "follow-up", title, None, f"{found.commit[:10]} by {found.author}: {found.title}")
    news.tell_author("you offered it, and it is under warranty")
    news.tell_maintainers()
