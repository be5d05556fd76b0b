"""Projects such as companies have, and questions with what a good answer names among its first five.

Modelled on well-known public projects, in words of our own. A line of `judged_projects.txt` is address | name | first
line | topics | packages | headings | README | language, one of `judged_queries.txt` is words | relevant addresses.
`heldout_projects.txt` and `heldout_queries.txt` are others of the same kind, real projects as they describe themselves:
they were written before their answers were seen, and nothing is tuned on them.
"""

from pathlib import Path

from projects.catalog import refresh
from projects.models import FormerSlug, Package, Readme
from tests.projects.catalog_data import make_project

# Addresses that projects had before.
FORMER = {"helmsman": ["swarmer"], "signin-hub": ["login-portal"], "keyhouse": ["fastcache"]}


def judged(shelf="judged"):
    """Questions with the addresses of what is relevant."""
    rows = (line.split(" | ") for line in _lines(f"{shelf}_queries.txt"))
    return [(words, relevant.split(", ")) for words, relevant in rows]


def plant(shelf="judged"):
    """All projects of a shelf, in the catalog; each a day older than the one before."""
    planted = []
    for days, line in enumerate(_lines(f"{shelf}_projects.txt")):
        slug, name, tagline, topics, packages, headings, readme, language = (part.strip() for part in line.split("|"))
        project = make_project(
            slug, name=name, tagline=tagline, topics=_list(topics), languages=(language,), days_ago=days, licence="MIT"
        )
        Readme.objects.create(project=project, path="README.md", oid="0" * 40, html="", headings=headings, text=readme)
        for package in _list(packages):
            Package.objects.create(project=project, ecosystem="any", name=package, path="manifest")
        for former in FORMER.get(slug, []):
            FormerSlug.objects.create(slug=former, project=project)
        planted.append(project)
    refresh(project.pk for project in planted)
    return planted


def _lines(name):
    return Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()


def precision(found, relevant):
    """Precision at 5, of as many as are relevant: 1.0 when the first five hold all of them, or nothing else."""
    places = min(5, len(relevant))
    return len(set(found[:5]) & set(relevant)) / places


def _list(text):
    return [one.strip() for one in text.split(",") if one.strip()]
