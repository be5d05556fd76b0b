"""PostgreSQL: the text index in a narrow table of its own, whose rows are matched and ranked without unpacking anything."""

from django.db import migrations

HEAD = " || ".join(
    f"setweight(to_tsvector('{config}', text_{column}), '{column.upper()}')"
    for column in "abc"
    for config in ("english", "simple")
)
# `head` stays in the row, for ranking; `search` is only matched, through its index, and kept out of the way.
STATEMENTS = [
    "CREATE TABLE catalog_text (project_id bigint PRIMARY KEY, head tsvector NOT NULL, search tsvector NOT NULL) "
    "WITH (toast_tuple_target = 512)",
    "ALTER TABLE catalog_text ALTER head SET STORAGE MAIN, ALTER search SET STORAGE EXTERNAL",
    f"INSERT INTO catalog_text SELECT project_id, {HEAD}, {HEAD} || to_tsvector('english', text_d) "  # noqa: S608
    "FROM projects_catalogentry WHERE NOT removed",
    "ALTER TABLE projects_catalogentry DROP COLUMN head, DROP COLUMN search",
    "CREATE INDEX catalog_text_head ON catalog_text USING gin (head)",
    "CREATE INDEX catalog_text_search ON catalog_text USING gin (search)",
]
BACK = [
    "DROP TABLE catalog_text",
    f"ALTER TABLE projects_catalogentry ADD COLUMN head tsvector GENERATED ALWAYS AS ({HEAD}) STORED",
    "ALTER TABLE projects_catalogentry ADD COLUMN search tsvector GENERATED ALWAYS AS ("
    f"{HEAD} || to_tsvector('english', text_d)) STORED",
    "CREATE INDEX catalog_head ON projects_catalogentry USING gin (head)",
    "CREATE INDEX catalog_search ON projects_catalogentry USING gin (search)",
]


def move(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_alike_readers")]

    operations = [migrations.RunPython(move(STATEMENTS), move(BACK), elidable=False)]
