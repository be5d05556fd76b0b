"""Addresses of composed pages, and of what machines ask."""

from django.urls import path

from pages import activity, docs, feeds, health, home, insights, person, project, team_suggestions, teams

app_name = "pages"
urlpatterns = [
    path("", home.home, name="home"),
    path("projects/<str:slug>/", project.project, name="project"),
    path("projects/<str:slug>/activity/", activity.activity, name="activity"),
    path("notifications/feed/", feeds.notifications_feed, name="notifications_feed"),
    path("contribute/feed/", feeds.opportunities_feed, name="opportunities_feed"),
    path("projects/<str:slug>/feed/", feeds.project_feed, name="project_feed"),
    path("teams/<str:slug>/feed/", feeds.team_feed, name="team_feed"),
    path("feeds/<str:token>/notifications.atom", feeds.notifications_atom, name="notifications_atom"),
    path("feeds/<str:token>/opportunities.atom", feeds.opportunities_atom, name="opportunities_atom"),
    path("feeds/<str:token>/projects/<str:slug>.atom", feeds.project_atom, name="project_atom"),
    path("feeds/<str:token>/teams/<str:slug>.atom", feeds.team_atom, name="team_atom"),
    path("people/", person.people, name="people"),
    path("people/<str:key>/", person.person, name="person"),
    path("insights/", insights.insights, name="insights"),
    path("insights/commits/", insights.insights_commits, name="insights_commits"),
    path("docs/figures/", docs.document, {"name": "figures"}, name="docs_figures"),
    path("docs/<str:name>/", docs.document, name="docs"),
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
