"""One answer for all projects of a repository to who may read it; where they differed, the most restricted wins."""

from django.db import migrations
from django.db.models import Count


def align(apps, schema_editor):
    repository_model = apps.get_model("projects", "Repository")
    several = repository_model.objects.annotate(n=Count("projects")).filter(n__gt=1)
    for repository in several.iterator():
        projects = list(apps.get_model("projects", "Project").objects.filter(repository=repository))
        align_one(apps, projects)


def align_one(apps, projects):
    access = apps.get_model("projects", "Access")
    readers = {
        project.pk: set(access.objects.filter(project=project).values_list("team_id", "user_id"))
        for project in projects
    }
    strict = [project for project in projects if project.visibility == "restricted"] or projects
    kept = set.intersection(*(readers[project.pk] for project in strict))
    for project in projects:
        for row in access.objects.filter(project=project):
            if (row.team_id, row.user_id) not in kept:
                row.delete()
        for team, user in kept - readers[project.pk]:
            access.objects.create(project=project, team_id=team, user_id=user)
        if project.visibility != strict[0].visibility:
            project.visibility = strict[0].visibility
            project.save(update_fields=["visibility"])
            tell_catalog(apps, project)


def tell_catalog(apps, project):
    clock = apps.get_model("projects", "CatalogClock").objects.select_for_update().filter(pk=1).first()
    if clock is not None:
        clock.value += 1
        clock.save()
        entries = apps.get_model("projects", "CatalogEntry").objects.filter(project_id=project.pk)
        entries.update(restricted=True, version=clock.value)


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_catalog_text")]

    operations = [migrations.RunPython(align, migrations.RunPython.noop, elidable=True)]
