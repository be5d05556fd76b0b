"""Before the rules of memberships: one primary team at a time, no membership that ends before it begins, no circle."""

import datetime as dt

from django.db import migrations
from django.db.models import F


def tidy(apps, schema_editor):
    Team = apps.get_model("accounts", "Team")
    Membership = apps.get_model("accounts", "Membership")
    apps.get_model("accounts", "TeamsClock").objects.get_or_create(pk=1)
    Membership.objects.filter(ended_on__lte=F("started_on")).delete()
    parents = dict(Team.objects.values_list("pk", "parent_id"))
    for team in sorted(parents):
        seen, at = {team}, parents[team]
        while at is not None and at not in seen:
            seen.add(at)
            at = parents[at]
        if at == team:
            parents[team] = None
            Team.objects.filter(pk=team).update(parent=None)
    further = []
    person, free_from = None, dt.date.min
    for row in Membership.objects.order_by("user_id", F("started_on").asc(nulls_first=True), "pk"):
        if row.user_id != person:
            person, free_from = row.user_id, dt.date.min
        if (row.started_on or dt.date.min) < free_from:
            further.append(row.pk)
        else:
            free_from = row.ended_on or dt.date.max
    for at in range(0, len(further), 500):
        Membership.objects.filter(pk__in=further[at : at + 500]).update(is_primary=False)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_team_history")]

    operations = [migrations.RunPython(tidy, migrations.RunPython.noop)]
