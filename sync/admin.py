"""Administration of jobs: to look, not to edit."""

from django.contrib import admin
from django.http import HttpRequest

from sync.models import SyncJob


@admin.register(SyncJob)
class SyncJobAdmin(admin.ModelAdmin):
    list_display = ["repository", "state", "due_at", "attempt", "error_code", "succeeded_at"]
    list_filter = ["state", "error_code"]
    search_fields = ["repository__clone_url"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SyncJob | None = None) -> bool:
        return False
