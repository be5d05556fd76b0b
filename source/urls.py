"""Addresses of code pages, below /projects/. What follows the page's word is read as bytes: see `source.addresses`."""

from django.urls import re_path

from source.views import commit, tree

app_name = "source"
REST = r"(?P<rest>(?s:.*))\Z"
urlpatterns = [
    re_path(rf"^(?P<slug>[^/]+)/tree/{REST}", tree.tree, name="tree"),
    re_path(rf"^(?P<slug>[^/]+)/commit/{REST}", commit.commit, name="commit"),
]
