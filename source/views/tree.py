"""A folder of a revision."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from source.access import Code
from source.pages import code_page


@code_page("tree")
def tree(request: HttpRequest, code: Code) -> HttpResponse:
    entry = code.entry()
    if entry.type == "blob":
        return redirect(code.address("blob"))
    context = {"project": code.project, "revision": code.revision, "entries": code.reader.tree(entry.oid)}
    return render(request, "source/tree.html", context)
