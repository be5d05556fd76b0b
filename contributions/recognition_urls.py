"""Addresses of trusted committers and thanks."""

from django.urls import path

from contributions.views import thanks, trusted

urlpatterns = [
    path("projects/<str:slug>/trusted-committers/", trusted.trusted, name="trusted"),
    path("projects/<str:slug>/trusted-committers/nominate/", trusted.nominate, name="nominate"),
    path(
        "projects/<str:slug>/trusted-committers/<int:pk>/answer/", trusted.nomination_answer, name="nomination_answer"
    ),
    path(
        "projects/<str:slug>/trusted-committers/<int:pk>/withdraw/",
        trusted.nomination_withdraw,
        name="nomination_withdraw",
    ),
    path("projects/<str:slug>/thanks/", thanks.project_thanks, name="project_thanks"),
    path("projects/<str:slug>/thanks/draft/", thanks.thanks_draft, name="thanks_draft"),
    path("projects/<str:slug>/thanks/<int:pk>/", thanks.thanks, name="thanks"),
    path("contribute/manager/", thanks.manager, name="manager"),
]
