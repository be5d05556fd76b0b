"""The catalog's text index, in the database's own way."""

from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE catalog_text USING fts5("
    "a, b, c, d, tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3')",
]
# `head` is small and ranked by; `search` also holds the README and is only matched, which its index does alone.
HEAD = " || ".join(
    f"setweight(to_tsvector('{config}', text_{column}), '{column.upper()}')"
    for column in "abc"
    for config in ("english", "simple")
)
POSTGRESQL = [
    f"ALTER TABLE projects_catalogentry ADD COLUMN head tsvector GENERATED ALWAYS AS ({HEAD}) STORED",
    "ALTER TABLE projects_catalogentry ADD COLUMN search tsvector GENERATED ALWAYS AS ("
    f"{HEAD} || to_tsvector('english', text_d)) STORED",
    "CREATE INDEX catalog_head ON projects_catalogentry USING gin (head)",
    "CREATE INDEX catalog_search ON projects_catalogentry USING gin (search)",
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE catalog_text")
    else:
        schema_editor.execute("ALTER TABLE projects_catalogentry DROP COLUMN head, DROP COLUMN search")


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
