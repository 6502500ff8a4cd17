"""Participants by day of the draw."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists are in the order of days, so that a period is read without what lies outside it."""

    dependencies = [
        ("lodd", "0005_session_epoch"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="participant",
            name="participant_by_site",
        ),
        migrations.RemoveIndex(
            model_name="participant",
            name="participant_by_office",
        ),
        migrations.RemoveIndex(
            model_name="participant",
            name="participant_by_state",
        ),
        migrations.RemoveIndex(
            model_name="participant",
            name="participant_by_site_state",
        ),
        migrations.RemoveIndex(
            model_name="participant",
            name="participant_by_office_state",
        ),
        migrations.AlterField(
            model_name="participant",
            name="day",
            field=models.DateField(),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["-day", "-seq"], name="participant_by_day"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["site", "-day", "-seq"], name="participant_by_site"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["office", "-day", "-seq"], name="participant_by_office"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["state", "-day", "-seq"], name="participant_by_state"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["site", "state", "-day", "-seq"], name="participant_by_site_state"),
        ),
        migrations.AddIndex(
            model_name="participant",
            index=models.Index(fields=["office", "state", "-day", "-seq"], name="participant_by_office_state"),
        ),
    ]
