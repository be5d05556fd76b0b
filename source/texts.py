"""Commits and comparisons as plain text, as git prints them, in pieces as git prints them."""

import re
from collections.abc import Iterator
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect

from activity.erased_texts import ErasedTexts
from gitstore.diffs import Comparison, DiffOptions, empty_tree
from gitstore.errors import NotFound
from gitstore.objects import OID
from gitstore.outputs import GitOutput
from gitstore.records import Limits
from gitstore.revisions import split_address
from source.access import Code, Missing
from source.addresses import address
from source.caching import BYTES, stamp, tag_for, unchanged

TEXTS = ("patch", "diff")
LIMITS = Limits(seconds=60, memory_bytes=2 * 1024**3, output_bytes=1024**3)
MAX_HEAD = 1024**2
_DIFF = b"\n---\n"
_SUFFIX = re.compile(rb"(.+)\.(patch|diff)\Z", re.DOTALL)
_PATCH = ("format-patch", "--stdout", "-1", "--root", "--no-ext-diff", "--no-textconv", "--no-color")


def strip_suffix(code: Code) -> tuple[bytes, str]:
    """The address without `.patch` or `.diff`, and which; unchanged where a ref has such a name or a path does."""
    match = _SUFFIX.match(code.tail)
    if match is None:
        return code.tail, ""
    if b"/" not in match[1] and OID.match(match[1].decode("latin-1")):
        return match[1], match[2].decode("ascii")
    try:
        code.place  # noqa: B018 (asks whether there is such a revision)
    except NotFound:
        return match[1], match[2].decode("ascii")
    return code.tail, ""


def commit_text(request: HttpRequest, code: Code, rest: bytes, form: str) -> HttpResponseBase:
    """The answer for `<revision>.patch` or `.diff`. Raises Missing, NotFound."""
    revision, path = split_address(code.reader, rest, code.default_ref)
    if path:
        raise Missing("There is no such branch, tag or commit.")
    if not revision.is_fixed:
        return redirect(address(code.project, "commit", revision.oid.encode("ascii")) + f".{form}")
    commit, parent = revision.commit, _parent(request)
    if form == "patch":
        if len(commit.parents) > 1:
            raise Missing("A merge has no patch of its own. Its .diff shows what it changed.", revision)
        return text_response(request, code, [*_PATCH, commit.oid, "--"], commit.oid)
    if parent > max(1, len(commit.parents)):
        raise Missing("This commit has no such parent.", revision)
    old = commit.parents[parent - 1] if commit.parents else empty_tree(commit.oid)
    return diff_response(request, code, old, commit.oid)


def diff_response(request: HttpRequest, code: Code, old: str, new: str, *, fixed: bool = True) -> HttpResponseBase:
    """What `git diff` prints of two commits or trees; with `space=ignore` in the address, what it prints with -w."""
    options = DiffOptions(ignore_space=request.GET.get("space") == "ignore")
    comparison = Comparison(code.mirror.path, old, new, LIMITS, options)
    return text_response(request, code, comparison.command("--patch"), f"{old} {new} {options}", fixed=fixed)


def text_response(
    request: HttpRequest, code: Code, command: list[str], identity: str, *, fixed: bool = True
) -> HttpResponseBase:
    tag = tag_for(request, code.project, BYTES, f"{command[0]} {identity} {code.erased.stamp}")
    same = unchanged(request, tag, BYTES, fixed=fixed)
    if same is not None:
        return same
    response = _started(request, code, command)
    response["Content-Type"] = "text/plain; charset=utf-8"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    stamp(response, tag, BYTES, fixed=fixed)
    return response


def _started(request: HttpRequest, code: Code, command: list[str]) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    if code.erased and command[0] == "format-patch":
        command = [command[0], "--no-encode-email-headers", *command[1:]]
        return StreamingHttpResponse(
            GitOutput(code.mirror.path, command, LIMITS, partial(_without_erased, code.erased))
        )
    return StreamingHttpResponse(GitOutput(code.mirror.path, command, LIMITS))


def _without_erased(erased: ErasedTexts, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A patch with pseudonyms in its head and message; the diff stays as it is."""
    head = b""
    for chunk in chunks:
        head += chunk
        if _DIFF in head or len(head) > MAX_HEAD:
            break
    message, found, diff = head.partition(_DIFF)
    yield erased.text(message.decode("utf-8", "replace")).encode() + found + diff
    yield from chunks


def _parent(request: HttpRequest) -> int:
    text = request.GET.get("parent", "")
    return int(text) if text.isdecimal() and 0 < int(text[:4]) < 1000 else 1
