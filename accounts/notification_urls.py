"""Addresses of notifications: what somebody is told, how they want to be told, and how it stops."""

from django.urls import path

from accounts import notification_views as views

app_name = "notifications"
urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/read/", views.notifications_read, name="read_all"),
    path("notifications/choices/", views.choices, name="choices"),
    path("notifications/choices/kind/", views.kind_choose, name="choose"),
    path("notifications/feed-key/", views.feed_key_renew, name="renew_feeds"),
    path("notifications/stop/<str:token>/", views.mails_stop, name="stop"),
    path("notifications/<int:pk>/", views.notification_open, name="open"),
    path("notifications/<int:pk>/read/", views.notification_read, name="read"),
]
