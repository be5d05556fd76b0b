"""Addresses below /search/."""

from django.urls import path

from search.views import asides, results, saved

app_name = "search"
urlpatterns = [
    path("", results.results, name="results"),
    path("counts/", results.counts, name="counts"),
    path("file/", asides.in_file, name="in_file"),
    path("suggestions/", asides.suggestions, name="suggestions"),
    path("palette/", asides.palette, name="palette"),
    path("help/", asides.explained, name="help"),
    path("saved/", saved.saved, name="saved"),
    path("saved/new/", saved.save, name="save"),
    path("saved/create/", saved.save_create, name="save_create"),
    path("saved/<int:pk>/drop/", saved.saved_drop, name="saved_drop"),
    path("saved/<int:pk>/renew/", saved.saved_renew, name="saved_renew"),
    path("saved/<int:pk>/run/", saved.saved_run, name="saved_run"),
    path("feeds/<str:token>/", saved.feed, name="feed"),
    path("indexed/", asides.coverage, name="coverage"),
    path("indexed/<str:slug>/", asides.skipped, name="skipped"),
]
