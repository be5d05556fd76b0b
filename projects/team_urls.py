"""Addresses below /teams/ that change teams; the pages to read are in `pages`."""

from django.urls import path

from projects.views import team_imports, teams

app_name = "teams"
urlpatterns = [
    path("new/", teams.create, name="create"),
    path("import/", team_imports.upload, name="import"),
    path("import/<int:pk>/", team_imports.import_look, name="import_look"),
    path("import/<int:pk>/apply/", team_imports.import_apply, name="import_apply"),
    path("export.csv", team_imports.export, {"form": "csv"}, name="export_csv"),
    path("export.yaml", team_imports.export, {"form": "yaml"}, name="export_yaml"),
    path("<str:slug>/edit/", teams.edit, name="edit"),
    path("<str:slug>/edit/move/", teams.move, name="move"),
    path("<str:slug>/edit/close/", teams.close, name="close"),
    path("<str:slug>/edit/reopen/", teams.reopen, name="reopen"),
    path("<str:slug>/edit/members/", teams.member_add, name="member_add"),
    path("<str:slug>/edit/members/<int:pk>/end/", teams.member_end, name="member_end"),
    path("<str:slug>/edit/members/<int:pk>/remove/", teams.member_remove, name="member_remove"),
]
