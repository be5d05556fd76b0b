"""Address of the style guide; wired in debug only."""

from django.urls import path

from pages import styleguide

app_name = "styleguide"
urlpatterns = [path("", styleguide.styleguide, name="styleguide")]
