"""Searching all words of a message. What is stored so far holds titles; the next import of each repository adds the rest."""

from django.db import migrations, models

BEFORE = "CREATE INDEX commit_words_index ON activity_commit USING gin (commit_words(title))"
AFTER = "CREATE INDEX commit_words_index ON activity_commit USING gin (commit_words(title || ' ' || words))"
FILL = (
    "INSERT INTO commit_text (rowid, words) SELECT (authored_at << 24) | (id & 16777215), "
    "title || ' \ue000r' || repository_id || ' \ue000a' || raw_author_id FROM activity_commit"
)
TITLES = "UPDATE activity_history SET titles_to = (SELECT COALESCE(MAX(id), 0) FROM activity_commit)"


def index(statement):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("DROP INDEX commit_words_index")
            schema_editor.execute(statement)

    return run


def note_titles(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(TITLES)


def titles_only(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("INSERT INTO commit_text (commit_text) VALUES ('delete-all')")
        schema_editor.execute(FILL)


class Migration(migrations.Migration):
    dependencies = [("activity", "0007_commit_words")]

    operations = [
        migrations.AddField(
            "commit",
            "words",
            models.TextField(
                db_default="",
                help_text="What is searched of the message after its first line; follows in the background.",
            ),
        ),
        migrations.AddField(
            "history",
            "words_to",
            models.BigIntegerField(default=0, help_text="Messages of commits up to this row id are searchable."),
        ),
        migrations.AddField(
            "history",
            "titles_to",
            models.BigIntegerField(default=0, help_text="Up to here an older version indexed titles; SQLite only."),
        ),
        migrations.RunPython(note_titles, titles_only, elidable=False),
        migrations.RunPython(index(AFTER), index(BEFORE), elidable=False),
    ]
