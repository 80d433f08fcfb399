from django.db import migrations

from ..signals import items_loaded


def load(apps, schema_editor):
    Item = apps.get_model("stock", "Item")
    Label = apps.get_model("stock", "Label")
    label = Label.objects.create(name="new")
    # More calls than a trace has nodes for.
    for number in range(4_000):
        item = Item(name=f"item {number}")
        item.save()
    item.labels.add(label)
    items_loaded.send(sender=None, last=item)


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
