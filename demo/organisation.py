"""Tideway, the invented logistics company of the demo: who works there, in which team, on which repositories."""

import unicodedata
from dataclasses import dataclass, field

DOMAIN = "tideway.example"


@dataclass(frozen=True, slots=True)
class Team:
    """A team; `parent` is another team's slug. `before`: where it hung earlier, (slug, until how many days ago)."""

    slug: str
    name: str
    parent: str | None
    description: str
    before: tuple[tuple[str | None, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who commits. The first address is the usual one; `joined`, `left`: days before now; zone: minutes.

    before: teams of earlier days in their order, (slug, until how many days ago).
    """

    username: str
    name: str
    team: str
    zone: int
    emails: tuple[str, ...]
    joined: int | None = None
    left: int | None = None
    before: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository to build: how long it lives (days), at most how many commits, how long ago the last was (hours).

    flow: "merge" (topic branches), "squash" (one commit per change, committed later than written), "direct".
    style of subjects: "plain", "scoped" (`area: text`), "conventional" (`fix(area): text`).
    outside: share of changes by other teams; `neighbours`: the teams they mostly come from.
    topics, welcomes: what a maintainer entered on the page; readers: who else may read a restricted one.
    """

    slug: str
    team: str
    commits: int
    age: int
    quiet: int
    owners: tuple[str, ...]
    trusted: tuple[str, ...] = ()
    visibility: str = "internal"
    flow: str = "squash"
    style: str = "plain"
    outside: float = 0.1
    neighbours: tuple[str, ...] = ()
    releases: int = 0
    shape: str = "steady"
    bot: str | None = None
    topics: tuple[str, ...] = ()
    signoff: bool = False
    readers: tuple[str, ...] = ()
    welcomes: bool = False


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A way in, shown on the sign-in page in demo mode. `role` is in words for people."""

    username: str
    password: str
    name: str
    role: str
    team: str | None
    administrator: bool = False


@dataclass(frozen=True, slots=True)
class Organisation:
    name: str
    teams: tuple[Team, ...]
    people: tuple[Person, ...]
    repositories: tuple[Repo, ...]
    bots: dict[str, tuple[str, str]] = field(default_factory=dict)

    def person(self, username: str) -> Person:
        return next(person for person in self.people if person.username == username)

    def repository(self, slug: str) -> Repo:
        return next(repo for repo in self.repositories if repo.slug == slug)


TEAMS = (
    Team("platform", "Platform", None, "Runtime, messaging and the libraries every service stands on."),
    Team("developer-experience", "Developer Experience", "platform", "Command line, pipelines and the handbook."),
    Team("delivery", "Delivery", None, "Routes, parcels and everything a driver touches."),
    Team("billing", "Billing", None, "Invoices, tariffs and getting paid."),
    Team("customer-apps", "Customer Apps", None, "The web and mobile faces of Tideway.", (("delivery", 330),)),
)

# username, name, minutes east of UTC, joined (days ago), left (days ago), further addresses
_PEOPLE: dict[str, list[tuple[str, str, int, int | None, int | None, tuple[str, ...]]]] = {
    "platform": [
        ("erin", "Erin Walsh", 0, None, None, ()),
        ("tomasz", "Tomasz Zieliński", 60, None, None, ()),
        ("ngozi", "Ngozi Adeyemi", 60, None, None, ()),
        ("hiroshi", "Hiroshi Tanaka", 540, None, None, ()),
        ("lena", "Lena Fischer", 60, None, None, ("lena@fischer-code.example",)),
        ("andrei", "Andrei Popescu", 120, 420, None, ()),
        ("mei", "Mei-Ling Chen", 480, 250, None, ()),
        ("joao", "João Carvalho", 0, None, 190, ()),
        ("solveig", "Sólveig Jónsdóttir", 0, 95, None, ()),
    ],
    "developer-experience": [
        ("tom", "Tom Okafor", 0, None, None, ()),
        ("priya", "Priya Raghunathan", 330, None, None, ()),
        ("camille", "Camille Dubois", 60, None, None, ()),
        ("mateus", "Mateus Ribeiro", -180, 510, None, ()),
        ("zofia", "Zofia Kamińska", 60, 160, None, ()),
        ("grace", "Grace Mwangi", 180, None, 300, ()),
    ],
    "delivery": [
        ("maya", "Maya Lindqvist", 60, None, None, ()),
        ("diego", "Diego Fernández", 60, None, None, ()),
        ("aylin", "Aylin Yıldız", 180, None, None, ()),
        ("oluwaseun", "Oluwaseun Bello", 60, None, None, ("seun.bello@gmail.example",)),
        ("kristina", "Kristína Novotná", 60, None, None, ()),
        ("rajesh", "Rajesh Iyer", 330, 600, None, ()),
        ("linh", "Nguyễn Thuỳ Linh", 420, 330, None, ()),
        ("piotr", "Piotr Wójcik", 60, None, 120, ()),
        ("hannah", "Hannah Goldberg", -300, 210, None, ()),
        ("tane", "Tāne Parata", 720, 60, None, ()),
    ],
    "billing": [
        ("ingrid", "Ingrid Haugen", 60, None, None, ()),
        ("carlos", "Carlos Mendoza Ruiz", -360, None, None, ()),
        ("fatima", "Fatima El Amrani", 60, None, None, ()),
        ("wei", "Wei Zhang", 480, None, None, ()),
        ("bogdan", "Bogdan Ionescu", 120, 450, None, ()),
        ("sarah", "Sarah O’Connor", 0, 280, None, ()),
        ("yusuf", "Yusuf Demir", 180, None, 365, ()),
    ],
    "customer-apps": [
        ("sam", "Sam Haddad", 0, None, None, ()),
        ("elif", "Elif Arslan", 180, None, None, ()),
        ("noah", "Noah van Dijk", 60, None, None, ()),
        ("chiara", "Chiara Esposito", 60, None, None, ()),
        ("dmitri", "Dmitri Volkov", 120, None, None, ()),
        ("amara", "Amara Diallo", 0, 540, None, ()),
        ("jonas", "Jonas Bergström", 60, 200, None, ()),
        ("aroha", "Aroha Ngata", 720, 75, None, ()),
    ],
}

# Who was in other teams before: the team, and until how many days ago.
_BEFORE: dict[str, tuple[tuple[str, int], ...]] = {
    "tom": (("delivery", 420),),
    "kristina": (("billing", 280),),
    "dmitri": (("billing", 600), ("platform", 365)),
    "lena": (("customer-apps", 150),),
}

_ASCII = str.maketrans({"ł": "l", "ø": "o", "ð": "d", "þ": "th", "ı": "i", "’": "", " ": "-"})


def _address(name: str) -> str:
    """first.last@ in plain ASCII."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_ASCII))
    words = "".join(letter for letter in plain if letter.isascii()).split("-")
    return f"{words[0]}.{words[-1]}@{DOMAIN}"


PEOPLE = tuple(
    Person(username, name, team, zone, (_address(name), *more), joined, left, _BEFORE.get(username, ()))
    for team, members in _PEOPLE.items()
    for username, name, zone, joined, left, more in members
)

REPOSITORIES = (
    Repo(
        "tideway-web", "customer-apps", 860, 730, 3, ("elif", "noah"), ("lena",), flow="merge", style="conventional",
        outside=0.16, neighbours=("delivery", "developer-experience"), releases=0, shape="growing", bot="renovate",
        topics=("web", "monorepo", "design-system"),
    ),
    Repo(
        "resilient-http", "platform", 520, 730, 7, ("erin", "tomasz"), ("diego", "sarah"), outside=0.38,
        neighbours=("delivery", "billing", "customer-apps"), releases=19, bot="dependabot",
        topics=("http", "resilience", "python"), welcomes=True,
    ),
    Repo(
        "route-planner", "delivery", 480, 730, 5, ("maya", "diego"), ("tom",), flow="merge", style="scoped",
        outside=0.14, neighbours=("platform", "customer-apps"), releases=14, bot="renovate", signoff=True,
        welcomes=True,
    ),
    Repo(
        "parcel-tracker", "delivery", 430, 700, 11, ("maya", "aylin"), ("priya",), style="scoped", outside=0.22,
        neighbours=("customer-apps", "platform"), releases=16, bot="dependabot", welcomes=True,
    ),
    Repo(
        "invoice-engine", "billing", 410, 730, 20, ("ingrid", "fatima"), (), "restricted", flow="merge",
        outside=0.03, neighbours=("platform",), releases=22, bot="renovate", topics=("invoicing", "tax"),
        readers=("tomasz",),
    ),
    Repo(
        "tide-cli", "developer-experience", 340, 640, 9, ("tom", "priya"), ("hiroshi",), style="conventional",
        outside=0.33, neighbours=("platform", "delivery", "billing"), releases=17, bot="dependabot",
        topics=("cli", "developer-tools"), welcomes=True,
    ),
    Repo(
        "engineering-handbook", "developer-experience", 420, 730, 2, ("camille", "priya"), ("ngozi", "chiara"),
        flow="merge", outside=0.55, neighbours=("platform", "delivery", "billing", "customer-apps"),
        topics=("documentation", "onboarding"), welcomes=True,
    ),
    Repo(
        "event-bus-client", "platform", 260, 690, 30, ("ngozi", "hiroshi"), ("aylin",), outside=0.2,
        neighbours=("billing", "delivery"), releases=11, bot="renovate", topics=("messaging", "kotlin"),
    ),
    Repo(
        "notification-service", "customer-apps", 230, 560, 26, ("chiara", "dmitri"), (), outside=0.12,
        neighbours=("delivery", "billing"), releases=9, shape="growing", bot="renovate",
        welcomes=True,
    ),
    Repo(
        "postal-address", "delivery", 190, 720, 70, ("kristina",), ("carlos",), outside=0.3,
        neighbours=("billing", "customer-apps"), releases=8, topics=("addresses", "validation", "ruby"),
    ),
    Repo(
        "ci-templates", "developer-experience", 150, 610, 50, ("mateus",), (), flow="direct", outside=0.25,
        neighbours=("platform", "customer-apps"), releases=5, topics=("ci", "shell"),
    ),
    Repo(
        "label-printer", "delivery", 130, 650, 160, ("rajesh",), (), flow="direct", style="scoped", outside=0.04,
        neighbours=("platform",), shape="fading", topics=("embedded",),
    ),
    Repo(
        "legacy-billing-export", "billing", 95, 730, 4100, ("bogdan",), (), flow="direct", outside=0.08,
        neighbours=("platform",), releases=4, shape="fading", bot="dependabot",
    ),
    Repo(
        "demand-forecast", "billing", 70, 150, 40, ("wei",), (), flow="direct", outside=0.06,
        neighbours=("delivery",), shape="growing",
    ),
)  # fmt: skip

ORGANISATION = Organisation(
    "Tideway",
    TEAMS,
    PEOPLE,
    REPOSITORIES,
    {
        "dependabot": ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        "renovate": ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"),
        "release": ("tideway-release-bot", f"release-bot@{DOMAIN}"),
    },
)

DEMO_ACCOUNTS = (
    DemoAccount("admin", "admin", "Ada Admin", "Administrator: registers repositories, manages teams", None, True),
    DemoAccount("maya", "maya", "Maya Lindqvist", "Maintainer: owns Delivery’s projects", "delivery"),
    DemoAccount("tom", "tom", "Tom Okafor", "Trusted committer in route-planner", "developer-experience"),
    DemoAccount("erin", "erin", "Erin Walsh", "Engineer in Platform", "platform"),
    DemoAccount("sam", "sam", "Sam Haddad", "Stranger: may not read the restricted project", "customer-apps"),
)
