"""The rules of memberships, now that every row keeps them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_tidy_memberships")]

    operations = [
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("email", ""), ("login", ""), ("user__isnull", False)),
                    models.Q(
                        ("user", None),
                        models.Q(
                            models.Q(("email", ""), _negated=True),
                            models.Q(("login", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="membership_account_or_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("started_on", None), ("ended_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"
                ),
                name="membership_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent", None), models.Q(("parent", models.F("pk")), _negated=True), _connector="OR"
                ),
                name="team_not_below_itself",
            ),
        ),
    ]
