"""PostgreSQL: rows of the text index so narrow that looking at thousands of them reads few pages.

PostgreSQL moves long values out of a row only where the row is longer than 2 kB, and most lists of words are just below
that. Blanks, which it compresses to a few bytes, make every row long enough. The index takes new rows at once: those that
wait in its list are read one by one in every search.
"""

from django.db import migrations

FORWARDS = [
    "ALTER TABLE catalog_text ADD COLUMN filler text NOT NULL DEFAULT repeat(' ', 2100)",
    "ALTER INDEX catalog_text_words SET (fastupdate = off)",
    "CLUSTER catalog_text USING catalog_text_pkey",  # writes every row anew
]
BACKWARDS = [
    "ALTER TABLE catalog_text DROP COLUMN filler",
    "ALTER INDEX catalog_text_words RESET (fastupdate)",
]


def run(statements):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return change


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_catalog_words")]

    operations = [migrations.RunPython(run(FORWARDS), run(BACKWARDS), elidable=False)]
