"""Names and addresses of the erased as digests; of those erased before, addresses alone can still be known."""

import django.db.models.deletion
from django.db import migrations, models

ADDRESSES = (
    "INSERT INTO activity_erasedtext (digest, words, first, person_id) "
    "SELECT key, 0, '', COALESCE(merged_into_id, id) FROM activity_person WHERE erased_at IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [
        ("activity", "0009_sums_by_window"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=40, unique=True)),
                ("words", models.SmallIntegerField(default=0)),
                ("first", models.CharField(blank=True, max_length=4)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erased_texts",
                        to="activity.person",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(ADDRESSES, migrations.RunSQL.noop),
    ]
