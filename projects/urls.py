"""Addresses below /projects/."""

from django.urls import path

from projects.views import catalog, edit, marks, searches

app_name = "projects"
urlpatterns = [
    path("", catalog.catalog, name="catalog"),
    path("export.json", catalog.export_json, name="export_json"),
    path("export.csv", catalog.export_csv, name="export_csv"),
    path("search/unanswered/", searches.searches, name="searches"),
    path("search/unanswered/forget/", searches.searches_forget, name="searches_forget"),
    path("<str:slug>/edit/", edit.edit, name="edit"),
    path("<str:slug>/edit/back/<str:field>/", edit.back, name="back"),
    path("<str:slug>/edit/address/", edit.rename, name="rename"),
    path("<str:slug>/edit/owner/", edit.owner, name="owner"),
    path("<str:slug>/edit/access/", edit.access_add, name="access_add"),
    path("<str:slug>/edit/access/<int:pk>/remove/", edit.access_remove, name="access_remove"),
    path("<str:slug>/edit/roles/", edit.role_add, name="role_add"),
    path("<str:slug>/edit/roles/<int:pk>/end/", edit.role_end, name="role_end"),
    path("<str:slug>/star/", marks.star, name="star"),
    path("<str:slug>/follow/", marks.follow, name="follow"),
]
