"""Addresses of composed pages, and of what machines ask."""

from django.urls import path

from pages import health, home, project, teams

app_name = "pages"
urlpatterns = [
    path("", home.home, name="home"),
    path("projects/<str:slug>/", project.project, name="project"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<str:slug>/", teams.team, name="team"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("robots.txt", health.robots, name="robots"),
]
