"""Lists by state of follow-up, and expiry of open requests, without reading every row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lodd", "0002_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="not_waited_for",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="participant",
            name="state",
            field=models.CharField(
                choices=[
                    ("drawn", "Drawn"),
                    ("referred", "Referred"),
                    ("started", "Started"),
                    ("ended", "Ended"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="drawn",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="state_since",
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name="drawrequest",
            index=models.Index(condition=models.Q(("state", "open")), fields=["created_at"], name="draw_request_open"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["state", "-seq"], name="participant_by_state"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["site", "state", "-seq"], name="participant_by_site_state"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["office", "state", "-seq"], name="participant_by_office_state"),
        ),
    ]
