"""Addresses below /search/."""

from django.urls import path

from search.views import asides, results

app_name = "search"
urlpatterns = [
    path("", results.results, name="results"),
    path("counts/", results.counts, name="counts"),
    path("file/", asides.in_file, name="in_file"),
    path("suggestions/", asides.suggestions, name="suggestions"),
    path("help/", asides.explained, name="help"),
    path("indexed/", asides.coverage, name="coverage"),
    path("indexed/<str:slug>/", asides.skipped, name="skipped"),
]
