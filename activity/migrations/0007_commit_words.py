"""Searching commits: the newest first wherever they are, and the words of their first lines."""

from django.db import migrations, models

MARK = "\ue000"
SQLITE = [
    "CREATE VIRTUAL TABLE commit_text USING fts5("
    "words, content = '', columnsize = 0, detail = none, tokenize = 'unicode61 remove_diacritics 2')",
    "INSERT INTO commit_text (rowid, words) SELECT (authored_at << 24) | (id & 16777215), "  # noqa: S608  (constants)
    f"title || ' {MARK}r' || repository_id || ' {MARK}a' || raw_author_id FROM activity_commit",
]
# Punctuation separates, whatever PostgreSQL's own parser makes of it. Plain ASCII is spared the way through Unicode.
SEPARATORS = (
    "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~\u00ab\u00bb\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u00b7"
)
BLANKS = " " * (len(SEPARATORS) - 1)
FUNCTION = """
CREATE FUNCTION commit_words(title text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT to_tsvector('simple'::regconfig, translate(
    CASE WHEN title ~ '[^\\x01-\\x7f]'
    THEN regexp_replace(normalize(lower(TITLE), NFKD), '[\\u0300-\\u036f]', '', 'g')
    ELSE title END, 'SEPARATORS', 'BLANKS'))
$$
"""
INDEX = "CREATE INDEX commit_words_index ON activity_commit USING gin (commit_words(title))"


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
        title = 'title COLLATE "und-x-icu"' if cursor.fetchone() else "title"
    function = FUNCTION.replace("TITLE", title).replace("SEPARATORS", SEPARATORS).replace("BLANKS", BLANKS)
    schema_editor.execute(function, None)
    schema_editor.execute(INDEX)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE commit_text")
    else:
        schema_editor.execute("DROP INDEX commit_words_index")
        schema_editor.execute("DROP FUNCTION commit_words(text)")


class Migration(migrations.Migration):
    dependencies = [("activity", "0006_flow")]

    operations = [
        migrations.AddIndex("commit", models.Index(fields=["authored_at", "id"], name="commit_by_moment")),
        migrations.RunPython(create, drop, elidable=False),
    ]
