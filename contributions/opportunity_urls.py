"""Addresses of opportunities."""

from django.urls import path

from contributions.views import opportunities, opportunity_list, starters

urlpatterns = [
    path("contribute/", opportunity_list.opportunities, name="opportunities"),
    path("contribute/<int:pk>/", opportunities.opportunity, name="opportunity"),
    path("contribute/<int:pk>/edit/", opportunities.opportunity_edit, name="opportunity_edit"),
    path("contribute/<int:pk>/step/<slug:name>/", opportunities.opportunity_step, name="opportunity_step"),
    path("contribute/<int:pk>/keep/", opportunities.opportunity_keep, name="opportunity_keep"),
    path("contribute/<int:pk>/comment/", opportunities.opportunity_comment, name="opportunity_comment"),
    path("projects/<str:slug>/contribute/new/", opportunities.opportunity_post, name="opportunity_post"),
    path("projects/<str:slug>/contribute/starters/", starters.starter_tasks, name="starter_tasks"),
    path(
        "projects/<str:slug>/contribute/starters/<int:pk>/", starters.starter_task_dismiss, name="starter_task_dismiss"
    ),
]
