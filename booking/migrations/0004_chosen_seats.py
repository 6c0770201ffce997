from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0003_settling"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservationpassenger",
            name="chose_seat",
            field=models.BooleanField(default=False),
        ),
    ]
