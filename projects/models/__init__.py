from projects.models.catalog import CatalogClock, CatalogEntry, CatalogWord, UnansweredSearch
from projects.models.facts import FieldValue, Language, Licence, OwnerGroup, Package, PeopleFile, Readme, Release, Topic
from projects.models.people import Access, Follow, Role, Star
from projects.models.project import FormerSlug, PastOwner, Project, ProjectQuerySet
from projects.models.repository import Credential, Repository

__all__ = [
    "Access",
    "CatalogClock",
    "CatalogEntry",
    "CatalogWord",
    "Credential",
    "FieldValue",
    "Follow",
    "FormerSlug",
    "Language",
    "Licence",
    "OwnerGroup",
    "Package",
    "PastOwner",
    "PeopleFile",
    "Project",
    "ProjectQuerySet",
    "Readme",
    "Release",
    "Repository",
    "Role",
    "Star",
    "Topic",
    "UnansweredSearch",
]
