"""Addresses of code pages, below /projects/. What follows the page's word is read as bytes: see `source.addresses`."""

from django.urls import re_path

from source.views import archive, blame, blob, commit, compare, find, history, picker, refs, tree

app_name = "source"
REST = r"(?P<rest>(?s:.*))\Z"
urlpatterns = [
    re_path(rf"^(?P<slug>[^/]+)/tree/{REST}", tree.tree, name="tree"),
    re_path(rf"^(?P<slug>[^/]+)/blob/{REST}", blob.blob, name="blob"),
    re_path(rf"^(?P<slug>[^/]+)/raw/{REST}", blob.raw, name="raw"),
    re_path(rf"^(?P<slug>[^/]+)/lasts/{REST}", tree.lasts, name="lasts"),
    re_path(rf"^(?P<slug>[^/]+)/refs/{REST}", picker.refs, name="refs"),
    re_path(rf"^(?P<slug>[^/]+)/find/{REST}", find.find, name="find"),
    re_path(rf"^(?P<slug>[^/]+)/paths/{REST}", find.paths, name="paths"),
    re_path(rf"^(?P<slug>[^/]+)/blame/{REST}", blame.blame, name="blame"),
    re_path(rf"^(?P<slug>[^/]+)/commits/{REST}", history.commits, name="commits"),
    re_path(rf"^(?P<slug>[^/]+)/commit/{REST}", commit.commit, name="commit"),
    re_path(rf"^(?P<slug>[^/]+)/compare/{REST}", compare.compare, name="compare"),
    re_path(rf"^(?P<slug>[^/]+)/archive/{REST}", archive.archive, name="archive"),
    re_path(r"^(?P<slug>[^/]+)/branches/\Z", refs.branches, name="branches"),
    re_path(r"^(?P<slug>[^/]+)/tags/\Z", refs.tags, name="tags"),
]
