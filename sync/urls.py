"""Addresses of synchronisation and of registering, from the root."""

from django.urls import path

from sync import branches, registration_views, views

app_name = "sync"
urlpatterns = [
    path("sync/", views.health, name="health"),
    path("sync/<int:pk>/", views.repository, name="repository"),
    path("sync/<int:pk>/progress/", views.progress, name="progress"),
    path("sync/<int:pk>/now/", views.request_run, name="request"),
    path("sync/<int:pk>/branches/", branches.branches, name="branches"),
    path("sync/<int:pk>/branches/choose/", branches.choose_branches, name="choose_branches"),
    path("projects/register/", registration_views.register, name="register"),
    path("projects/register/one/", registration_views.register_one, name="register_one"),
    path("projects/register/many/", registration_views.register_list, name="register_list"),
    path("projects/register/table/", registration_views.register_csv, name="register_csv"),
    path("projects/register/folder/", registration_views.register_folder, name="register_folder"),
    path("projects/register/check/", registration_views.register_check, name="register_check"),
]
