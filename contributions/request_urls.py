"""Addresses of requests, part of `contributions.urls`."""

from django.urls import path

from contributions.views import contribute, request_changes, requests

urlpatterns = [
    path("projects/<str:slug>/contribute/", contribute.project_contribute, name="project_contribute"),
    path("projects/<str:slug>/contribute/governance/", contribute.project_governance, name="project_governance"),
    path("projects/<str:slug>/requests/", requests.project_requests, name="project_requests"),
    path("projects/<str:slug>/requests/new/", request_changes.request_new, name="request_new"),
    path("projects/<str:slug>/requests/offer/", request_changes.request_offer, name="request_offer"),
    path("requests/<int:pk>/", requests.request_page, name="request"),
    path("requests/<int:pk>/patch/<int:number>/", requests.request_patch, name="request_patch"),
    path("requests/<int:pk>/comment/", requests.request_comment, name="request_comment"),
    path("requests/<int:pk>/version/", request_changes.request_version, name="request_version"),
    path("requests/<int:pk>/answer/", request_changes.request_answer, name="request_answer"),
    path("requests/<int:pk>/withdraw/", request_changes.request_withdraw, name="request_withdraw"),
    path("requests/<int:pk>/reopen/", request_changes.request_reopen, name="request_reopen"),
    path("requests/<int:pk>/landed/", request_changes.request_landed, name="request_landed"),
    path("requests/<int:pk>/refute/", request_changes.request_refute, name="request_refute"),
    path("requests/<int:pk>/waive/", request_changes.warranty_waive, name="warranty_waive"),
    path("requests/<int:pk>/edit/", request_changes.request_edit, name="request_edit"),
    path("requests/<int:pk>/save/", request_changes.request_save, name="request_save"),
]
