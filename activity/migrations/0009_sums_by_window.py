"""Sums over the company by window and by class; the first refresh adds up the windows."""

from django.db import migrations, models

FILL = (
    "INSERT INTO activity_kindweek (week, kind, contributions) "
    "SELECT week, kind, SUM(contributions) FROM activity_teamweek GROUP BY week, kind"
)


class Migration(migrations.Migration):
    dependencies = [
        ("activity", "0008_message_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="KindWeek",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField()),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "inside"), (2, "from outside"), (3, "unmapped"), (4, "bots")]
                    ),
                ),
                ("contributions", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="StandingStart",
            fields=[
                ("window", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("first", models.DateField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="TeamStanding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("window", models.SmallIntegerField()),
                ("team", models.IntegerField()),
                ("owner", models.IntegerField()),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[(1, "inside"), (2, "from outside"), (3, "unmapped"), (4, "bots")]
                    ),
                ),
                ("contributions", models.IntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="teamweek",
            index=models.Index(fields=["team", "week"], name="team_week_gives"),
        ),
        migrations.AddIndex(
            model_name="teamweek",
            index=models.Index(fields=["owner", "week"], name="team_week_receives"),
        ),
        migrations.AddConstraint(
            model_name="kindweek",
            constraint=models.UniqueConstraint(fields=("week", "kind"), name="kind_week_once"),
        ),
        migrations.AddConstraint(
            model_name="teamstanding",
            constraint=models.UniqueConstraint(fields=("window", "team", "owner", "kind"), name="team_standing_once"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
