import io
import os
import subprocess
import tarfile
import zipfile

import pytest

from source.addresses import address
from source.views import archive


def get(browser, project, tail, form, **more):
    return browser.get(address(project, "archive", tail) + f".{form}", **more)


def names(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as found:
        return [member.name for member in found if member.isfile()]


def test_a_branch_a_tag_and_an_id(planted, builder, browser):
    oid = builder.commit({"a": "1", "d/b": "2"})
    builder.set_ref("refs/heads/feature/x.zip", oid)
    builder.tag("v1.0", message="One")
    project = planted(builder)
    for tail, name in ((b"feature/x.zip", "feature-x.zip"), (b"v1.0", "v1.0"), (oid.encode(), oid[:12])):
        answer = get(browser, project, tail, "tar.gz")
        assert answer["Content-Disposition"] == f'attachment; filename="widget-{name}.tar.gz"'
        assert names(b"".join(answer.streaming_content)) == [f"widget-{name}/a", f"widget-{name}/d/b"]
        answer.close()
    answer = get(browser, project, b"v1.0", "zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as found:
        assert "widget-v1.0/d/b" in found.namelist()
    answer.close()


def test_a_folder(planted, builder, browser):
    builder.commit({"a": "1", "d/b": "2", b"d/\xff": "3"})
    project = planted(builder)
    answer = get(browser, project, b"main/d", "tar.gz")
    assert len(names(b"".join(answer.streaming_content))) == 2
    answer.close()
    assert get(browser, project, b"main/nothing", "zip").status_code == 404


def test_headers_keep_it_private_and_harmless(planted, builder, browser):
    oid = builder.commit({"a": "1"})
    project = planted(builder)
    answer = get(browser, project, oid.encode(), "zip")
    assert answer["Content-Type"] == "application/zip" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("private") and "immutable" in answer["Cache-Control"]
    answer.close()
    again = get(browser, project, oid.encode(), "zip", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    moving = get(browser, project, b"main", "zip")
    assert moving["Cache-Control"] == "private, no-cache"
    moving.close()
    assert browser.head(address(project, "archive", b"main") + ".zip").status_code == 200


def test_a_hostile_name_makes_a_safe_file_name(planted, builder, browser):
    oid = builder.commit({"a": "1"})
    builder.set_ref('refs/heads/a";x=\u202e/\u00e9', oid)
    answer = get(browser, planted(builder), 'a";x=\u202e/\u00e9'.encode(), "zip")
    assert answer["Content-Disposition"] == 'attachment; filename="widget-a-x.zip"'
    answer.close()


@pytest.mark.parametrize(
    "rest", ["main", "main.rar", ".zip", "nope.zip", "--output=x.zip", "-x.tar.gz", "%00.zip", "main/../x.zip"]
)
def test_what_is_not_there_is_404(planted, builder, browser, rest):
    builder.commit({"a": "1"})
    planted(builder)
    assert browser.get(f"/projects/widget/archive/{rest}").status_code == 404


def test_too_many_at_once_are_asked_to_wait(planted, builder, browser):
    builder.commit({"a": "1"})
    project = planted(builder)
    held = [get(browser, project, b"main", "zip") for _ in range(archive.AT_ONCE)]
    answer = get(browser, project, b"main", "zip")
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0 and b"Too many archives" in answer.content
    for other in held:
        other.close()
    answer = get(browser, project, b"main", "zip")
    assert answer.status_code == 200
    answer.close()


def test_leaving_early_stops_git_and_frees_the_place(planted, builder, browser):
    builder.commit({f"f{number}": os.urandom(400_000) for number in range(10)})
    project = planted(builder)
    for _ in range(archive.AT_ONCE + 1):
        answer = get(browser, project, b"main", "tar.gz")
        assert answer.status_code == 200
        next(answer.streaming_content)
        answer.close()
    found = subprocess.run(["pgrep", "-f", f"git-dir={builder.path} archive"], capture_output=True, check=False)
    assert found.stdout == b""


def test_an_archive_that_cannot_begin_frees_its_place(planted, builder, browser):
    builder.commit({"a": "1"})
    project = planted(builder)
    builder.git("repack", "-adq")
    tree = builder.git("rev-parse", "main^{tree}").decode().strip()
    pack = next((builder.path / "objects" / "pack").glob("*.pack"))
    data = pack.read_bytes()
    for file in (builder.path / "objects" / "pack").iterdir():
        file.unlink()
    builder.git("unpack-objects", "-q", stdin=data)
    (builder.path / "objects" / tree[:2] / tree[2:]).unlink()
    for _ in range(archive.AT_ONCE + 1):
        assert get(browser, project, b"main", "zip").status_code == 500


def test_a_revision_with_names_that_are_traps_is_shown_but_not_packed(builder, planted, browser):
    builder.commit({"safe.txt": "x"})
    blob = builder.oid(b"refs/heads/main:safe.txt")
    tree = builder.git("mktree", stdin=f"100644 blob {blob}\t..\n100644 blob {blob}\tsafe.txt\n".encode()).decode()
    words = ["-c", "user.name=M", "-c", "user.email=m@example.org", "commit-tree", "-m", "odd", tree.strip()]
    builder.set_ref("refs/heads/main", builder.git(*words).decode().strip())
    project = planted(builder)
    assert b"safe.txt" in browser.get(address(project, "tree", b"main")).content
    assert browser.get(address(project, "blob", b"main", b"safe.txt")).status_code == 200
    answer = get(browser, project, b"main", "zip")
    assert answer.status_code == 403
    assert b"trap" in answer.content
