"""Addresses of composed pages, and of what machines ask."""

from django.urls import path

from pages import activity, docs, health, home, insights, person, project, team_suggestions, teams

app_name = "pages"
urlpatterns = [
    path("", home.home, name="home"),
    path("projects/<str:slug>/", project.project, name="project"),
    path("projects/<str:slug>/activity/", activity.activity, name="activity"),
    path("people/", person.people, name="people"),
    path("people/<str:key>/", person.person, name="person"),
    path("insights/", insights.insights, name="insights"),
    path("insights/commits/", insights.insights_commits, name="insights_commits"),
    path("docs/figures/", docs.figures, name="docs_figures"),
    path("teams/", teams.teams, name="teams"),
    path("teams/suggestions/", team_suggestions.suggestions, name="team_suggestions"),
    path("teams/suggestions/accept/", team_suggestions.suggestion_accept, name="suggestion_accept"),
    path("teams/suggestions/dismiss/", team_suggestions.suggestion_dismiss, name="suggestion_dismiss"),
    path("teams/suggestions/restore/", team_suggestions.suggestion_restore, name="suggestion_restore"),
    path("teams/<str:slug>/", teams.team, name="team"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("robots.txt", health.robots, name="robots"),
]
