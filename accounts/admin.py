"""Administration of people, teams and the audit record."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.models import AuditEvent, Membership, Team, User, record_event

admin.site.site_header = "InnerSource Portal administration"
admin.site.site_title = "InnerSource Portal"
admin.site.unregister(Group)


class AuditedAdmin(admin.ModelAdmin):
    """Writes an audit event for every change made in the admin, without the values of passwords and secrets."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        before = form.initial
        super().save_model(request, obj, form, change)
        named = [name for name in form.changed_data if "password" not in name and name != "secret"]
        changes = {name: [str(before.get(name)), str(form.cleaned_data.get(name))] for name in named}
        record_event(request.user, "change" if change else "add", obj, changes)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        before = [str(gone) for gone in formset.deleted_objects]
        after = [str(new) for new in [*formset.new_objects, *(changed for changed, _ in formset.changed_objects)]]
        if before or after:
            record_event(request.user, "change", form.instance, {formset.model._meta.model_name: [before, after]})

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        record_event(request.user, "delete", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for one in queryset:
            self.delete_model(request, one)


class MembershipInline(admin.TabularInline):
    """To look at: the page of a team changes memberships, and checks that they fit each other."""

    model = Membership
    fields = ("user", "email", "login", "name", "is_primary", "started_on", "ended_on")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class PortalUserAdmin(AuditedAdmin, UserAdmin):
    list_display = ["username", "name", "email", "is_active", "is_superuser", "last_login"]
    search_fields = ["username", "name", "email"]
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "email")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()
    list_filter = ["is_active", "is_superuser"]


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    """Teams are made, moved and closed on /teams/, which keeps their past; one that nothing names can be deleted."""

    list_display = ["name", "slug", "parent", "closed_on"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "description", "parent", "closed_on"]
    readonly_fields = ["slug", "parent", "closed_on"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_referred_to())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ["at", "actor_name", "action", "target_type", "target_name"]
    list_filter = ["action", "target_type"]
    search_fields = ["actor_name", "target_name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False
