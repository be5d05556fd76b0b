"""Addresses of the whole portal."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/login/", secure_admin_login(admin.site.login)),  # one door for all, whose attempts are counted
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),  # before allauth: two of its addresses are ours
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.notification_urls")),
    path("", include("sync.urls")),
    path("projects/", include("projects.urls")),
    path("projects/", include("source.urls")),
    path("teams/", include("projects.team_urls")),
    path("search/", include("search.urls")),
    path("", include("contributions.urls")),
    path("", include("pages.identity_urls")),
    path("", include("pages.urls")),
]

if settings.DEBUG or settings.TESTING:
    urlpatterns += [path("styleguide/", include("pages.styleguide_urls"))]
