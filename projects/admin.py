"""Administration of what exists: visibility, access, credentials."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.admin import AuditedAdmin, TeamAdmin
from accounts.models import Team
from projects import catalog, readers
from projects.access import signed_in
from projects.models import Access, Credential, Project, Repository, Role, Topic


class AccessInline(admin.TabularInline):
    model = Access
    autocomplete_fields = ["team", "user"]
    extra = 0


class RoleInline(admin.TabularInline):
    model = Role
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ["name", "slug", "owner", "visibility", "lifecycle", "removed_at"]
    list_filter = ["visibility", "owner"]
    search_fields = ["name", "slug"]
    fields = ["slug", "repository", "subdirectory", "owner", "visibility"]
    readonly_fields = [
        "slug",
        "repository",
        "subdirectory",
    ]  # an address changes on the page, where the old one is kept
    inlines = [AccessInline, RoleInline]

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if "owner" in form.changed_data:
            Project.objects.get(pk=obj.pk).change_owner(obj.owner)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[object], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        readers.spread(form.instance, signed_in(request))
        catalog.refresh([form.instance.pk])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OwningTeamAdmin(TeamAdmin):
    """Lists show the owner's name, so its projects follow a change of the team."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        catalog.refresh(obj.projects.values_list("pk", flat=True))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        owned = list(obj.projects.values_list("pk", flat=True))
        super().delete_model(request, obj)
        catalog.refresh(owned)


admin.site.unregister(Team)
admin.site.register(Team, OwningTeamAdmin)


class CredentialForm(forms.ModelForm):
    secret = forms.CharField(
        widget=forms.PasswordInput(), required=False, help_text="Stored encrypted and never shown. Empty: unchanged."
    )

    class Meta:
        model = Credential
        fields = ["name", "kind", "username", "known_hosts"]

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["secret"]:
            self.instance.set_secret(self.cleaned_data["secret"])
        return super().save(commit)


@admin.register(Credential)
class CredentialAdmin(AuditedAdmin):
    form = CredentialForm
    list_display = ["name", "kind", "username", "created_at"]


@admin.register(Repository)
class RepositoryAdmin(AuditedAdmin):
    list_display = ["clone_url", "default_branch", "fetched_at", "size_bytes"]
    search_fields = ["clone_url"]
    fields = ["clone_url", "credential", "wanted_branch"]
    readonly_fields = ["clone_url"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


admin.site.register(Topic)
