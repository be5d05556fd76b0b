"""Every kind of notification there is: what it is called, how it comes unless somebody chose otherwise."""

from dataclasses import dataclass

from accounts.models.notices import Way


@dataclass(frozen=True, slots=True)
class Kind:
    """`label` completes "Stop hearing of …"; `explained` says when it comes and to whom."""

    name: str
    group: str
    label: str
    explained: str
    way: Way


TASKS, REQUESTS, PEOPLE, SEARCH = "Tasks", "Offered changes", "People", "Search"

_ALL = (
    Kind("task-posted", TASKS, "new tasks", "A project you follow offers a task.", Way.DAILY),
    Kind("task-moved", TASKS, "tasks that move on", "A task you posted, mentor or took changes its state.", Way.NOW),
    Kind("task-comment", TASKS, "comments on tasks", "Somebody comments on a task that you take part in.", Way.NOW),
    Kind("task-silent", TASKS, "questions about silent tasks", "Nothing was heard of a task you took.", Way.NOW),
    Kind("task-proposed", TASKS, "proposed starter tasks", "Code of a project you maintain suggests a task.", Way.HERE),
    Kind("request-offered", REQUESTS, "offered changes", "A project you maintain is offered a change.", Way.NOW),
    Kind(
        "request-answered", REQUESTS, "answers to your changes", "A maintainer decides on a change of yours.", Way.NOW
    ),
    Kind(
        "request-comment",
        REQUESTS,
        "comments on changes",
        "Somebody speaks about a change you have to do with.",
        Way.NOW,
    ),
    Kind("request-version", REQUESTS, "new versions of changes", "A change you look after has a new version.", Way.NOW),
    Kind("request-withdrawn", REQUESTS, "withdrawn changes", "A change you look after is withdrawn.", Way.DAILY),
    Kind("request-landed", REQUESTS, "landed changes", "A change of yours, or in a project of yours, landed.", Way.NOW),
    Kind("warranty", REQUESTS, "warranties", "The warranty of a landed change is waived or ends.", Way.DAILY),
    Kind("follow-up", REQUESTS, "follow-ups", "A commit takes back or mends a change under warranty.", Way.NOW),
    Kind("role", PEOPLE, "roles", "You are nominated as a trusted committer, or a nomination is answered.", Way.NOW),
    Kind("thanks", PEOPLE, "thanks", "A maintainer thanks you.", Way.NOW),
    Kind(
        "thanks-report", PEOPLE, "thanks to your people", "Somebody who named you their manager was thanked.", Way.NOW
    ),
    Kind("saved-search", SEARCH, "saved searches", "A search you saved finds something new.", Way.DAILY),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def kind_of(name: str) -> Kind:
    """The kind with this name; raises KeyError."""
    return KINDS[name]
