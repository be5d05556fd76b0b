"""The catalog's text index holds words and stems that the portal made, alike on SQLite and PostgreSQL."""

import django.utils.timezone
from django.db import migrations, models

SQLITE = [
    "DROP TABLE catalog_text",
    "CREATE VIRTUAL TABLE catalog_text USING fts5("
    "words, detail = none, columnsize = 0, tokenize = 'ascii', prefix = '3 4')",
]
# `words` is only matched, through its index, and kept out of the way.
POSTGRESQL = [
    "DROP TABLE catalog_text",
    "CREATE TABLE catalog_text (project_id bigint PRIMARY KEY, words tsvector NOT NULL) WITH (toast_tuple_target = 128)",
    "ALTER TABLE catalog_text ALTER words SET STORAGE EXTERNAL",
    "CREATE INDEX catalog_text_words ON catalog_text USING gin (words)",
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def fill(apps, schema_editor):
    """From the folded texts kept so far, whose parts are coarser; the next sync of a project tells them apart."""
    from projects.catalog import text

    names = dict(apps.get_model("accounts", "Team").objects.values_list("slug", "name"))
    entries = apps.get_model("projects", "CatalogEntry").objects.filter(removed=False)
    for slug, name in names.items():
        entries.filter(team=slug).update(team_name=name)
    for row in entries.values_list("project_id", "text_a", "text_b", "text_c", "text_d").iterator(chunk_size=500):
        pk, *texts = row
        text.store([pk], {pk: dict.fromkeys(text.PARTS, "") | dict(zip("nshr", texts, strict=True))})


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_owner_groups")]

    operations = [
        migrations.CreateModel(
            name="CatalogWord",
            fields=[
                ("word", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("initial", models.CharField(max_length=1)),
                ("length", models.SmallIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["initial", "length"], name="catalog_word_near")]},
        ),
        migrations.CreateModel(
            name="UnansweredSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "text",
                    models.CharField(help_text="Words as the catalog compares them.", max_length=200, unique=True),
                ),
                ("count", models.IntegerField(default=1)),
                ("first_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "unanswered searches",
                "ordering": ["-count", "-last_at"],
                "indexes": [models.Index(fields=["-count", "-last_at"], name="unanswered_by_count")],
            },
        ),
        migrations.AddField("catalogentry", "team_name", models.CharField(blank=True, max_length=200)),
        migrations.RunPython(create, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.RemoveField("catalogentry", "text_a"),
        migrations.RemoveField("catalogentry", "text_b"),
        migrations.RemoveField("catalogentry", "text_c"),
        migrations.RemoveField("catalogentry", "text_d"),
    ]
