"""A commit: its page, the changes of one file or folder of it, and the same as plain text."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from gitstore.diffs import empty_tree
from gitstore.objects import CommitObject
from source.access import Code, Missing
from source.addresses import address
from source.authors import author_urls
from source.caching import PAGE, unkept
from source.commits import commit_facts, part_of
from source.diffs.files import SUBMODULE, FileView
from source.diffs.page import diff_page, looked_at
from source.frame import frame
from source.names import plain
from source.pages import code_page
from source.submodules import submodule_address, submodule_links
from source.texts import TEXTS, commit_text, strip_suffix


def _identity(code: Code) -> str | None:
    """The commit, and the one that the mailmap is read from."""
    rest, form = strip_suffix(code)
    return None if form or rest != code.tail else f"{code.commit_id} {code.repository.head_commit}"


@code_page("commit", cache=PAGE, identity=_identity)
def commit(request: HttpRequest, code: Code) -> HttpResponseBase:
    rest, form = strip_suffix(code)
    if form:
        return commit_text(request, code, rest, form)
    if not code.revision.is_fixed:
        query = request.META.get("QUERY_STRING", "")
        url = code.address("commit", code.revision.oid.encode("ascii"))
        return unkept(redirect(f"{url}?{query}" if query else url))
    if request.GET.get("part") == "refs":
        return _part_of(request, code)
    context, kept = _context(request, code)
    if code.path and "HX-Request" in request.headers:
        response = render(request, "source/_diff_files.html", context)
    else:
        response = render(request, "source/commit.html", context)
    return response if kept else unkept(response)


def _context(request: HttpRequest, code: Code) -> tuple[dict[str, object], bool]:
    """For the template, and whether all of it follows from the commit."""
    place = looked_at(request, code, "commit", code.revision.spelling)
    facts = commit_facts(code, code.revision.commit, place.parent)
    page = diff_page(request, place, against(facts.commit, facts.parent), code.path)
    if code.path and not page.total:
        raise Missing("This commit changes no such file or folder.", code.revision, code.path)
    modules = _link_modules(request, code, page.files)
    title = f"{plain(facts.commit.title, 80) or facts.commit.oid[:10]} · {code.project.name}"
    texts = [(form, address(code.project, "commit", code.revision.spelling) + f".{form}") for form in TEXTS]
    if len(facts.parents) > 1:
        texts = [(form, url) for form, url in texts if form != "patch"]
    words = frame(code, "commit", title=title)
    people = author_urls(request.user, [who.email for who in (facts.author, facts.committer) if who])
    return {**words, "facts": facts, "page": page, "place": place, "texts": texts, "people": people}, not modules


def _link_modules(request: HttpRequest, code: Code, files: list[FileView]) -> bool:
    """Let submodules lead to the projects that the viewer may see; whether there are any submodules."""
    modules = [file for file in files if file.change.new_mode == SUBMODULE]
    links = submodule_links(code, [file.path for file in modules], request.user) if modules else {}
    for file in modules:
        project = links.get(file.path, {}).get("project")
        if project is not None:
            file.module = (project.name, submodule_address(project, file.change.new_oid))
    return bool(modules)


def against(commit: CommitObject, parent: int) -> tuple[str, str]:
    """Ids of what a commit is compared with (its parent of this number from 1, else nothing) and of itself."""
    old = commit.parents[parent - 1] if parent and commit.parents else empty_tree(commit.oid)
    return old, commit.oid


def _part_of(request: HttpRequest, code: Code) -> HttpResponseBase:
    found = part_of(code, code.revision.oid)
    if "HX-Request" in request.headers:
        return unkept(render(request, "source/_commit_part_of.html", {**frame(code, "commit"), "part_of": found}))
    return unkept(render(request, "source/commit_part_of.html", {**frame(code, "commit"), "part_of": found}))
