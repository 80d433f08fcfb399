from functools import partial

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import (
    class_prepared,
    m2m_changed,
    post_init,
    post_migrate,
    post_save,
    pre_migrate,
)


class StockConfig(AppConfig):
    name = "stock"

    def ready(self):
        from . import receivers, signals

        item = self.get_model("Item")
        pre_migrate.connect(receivers.before_each_app)
        post_migrate.connect(receivers.shelf.after_own_app, sender=self)
        post_migrate.connect(receivers.connect_another)
        post_migrate.connect(partial(receivers.count, what="apps"), weak=False)
        post_migrate.connect(lambda **kwargs: None, weak=False)
        class_prepared.connect(receivers.Shelf.of_class)
        class_prepared.connect(receivers.shelf)
        connection_created.connect(receivers.count)
        # The models of migrations are other classes, which this isn't connected for.
        post_save.connect(receivers.never_called, sender=item)
        post_save.connect(receivers.after_save)
        post_init.connect(receivers.after_init)
        m2m_changed.connect(receivers.count)
        signals.items_loaded.connect(receivers.after_loading)
