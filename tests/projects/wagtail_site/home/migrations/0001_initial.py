import django.db.models.deletion
from django.db import migrations, models


def create_home_page(apps, schema_editor):
    content_type, _ = apps.get_model("contenttypes.ContentType").objects.get_or_create(
        app_label="home", model="homepage"
    )
    page = apps.get_model("home.HomePage").objects.create(
        title="Home",
        draft_title="Home",
        slug="signals",
        content_type=content_type,
        locale=apps.get_model("wagtailcore.Locale").objects.get(),
        path="00010002",
        depth=2,
        url_path="/signals/",
    )
    apps.get_model("wagtailcore.Page").objects.filter(depth=1).update(numchild=2)
    apps.get_model("wagtailcore.Site").objects.update(root_page=page.pk)


class Migration(migrations.Migration):
    dependencies = (("wagtailcore", "0094_alter_page_locale"),)

    operations = (
        migrations.CreateModel(
            "HomePage",
            [
                (
                    "page_ptr",
                    models.OneToOneField(
                        "wagtailcore.Page",
                        on_delete=django.db.models.deletion.CASCADE,
                        auto_created=True,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            bases=("wagtailcore.page",),
        ),
        migrations.RunPython(create_home_page),
    )
