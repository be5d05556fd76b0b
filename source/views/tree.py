"""A folder of a revision."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from source.access import Code
from source.caching import PAGE
from source.frame import frame
from source.pages import code_page


@code_page("tree", cache=PAGE)
def tree(request: HttpRequest, code: Code) -> HttpResponse:
    entry = code.entry()
    if entry.type == "blob":
        return redirect(code.address("blob"))
    below = code.path + b"/" if code.path else b""
    entries = [replace(row, path=below + row.path) for row in code.reader.tree(entry.oid)]
    return render(request, "source/tree.html", {**frame(code, "tree"), "entries": entries})
