"""Projects with opportunities, and the people around them."""

from contributions import opportunities
from contributions.models import Opportunity
from projects.models import Project, Repository


def make_project(slug, owner_team, **fields):
    repository = Repository.objects.create(
        clone_url=f"https://git.example.com/{slug}.git", address_key=f"git.example.com/{slug}"
    )
    values = {"slug": slug, "name": slug.title(), "owner": owner_team, "language": "Python"} | fields
    return Project.objects.create(repository=repository, **values)


def make_task(project, poster=None, **fields):
    values = {"title": "Say what went wrong", "kind": "bug", "effort": "day", "languages": ["Python"]} | fields
    made = Opportunity(project=project, **values)
    if poster:
        return opportunities.post(made, poster)
    made.save()
    return made


def typed(**fields):
    """What the form sends."""
    values = {"title": "Say what went wrong", "kind": "bug", "effort": "day", "description": "Begin in *errors*."}
    return values | {"skills": "", "languages": "Python", "mentor": "", "path": "", "deadline": ""} | fields
