import functools
import sys
from pathlib import Path

from django.apps import AppConfig
from django.db.models.signals import class_prepared, post_migrate, post_save

from .functions import fine_bound, w001_partial, w016, w017


def fine_prepared(sender, **kwargs): ...


class_prepared.connect(fine_prepared)


class Temporary:
    def w001_method(self, sender, **kwargs): ...


class Lasting:
    def fine_method(self, sender, **kwargs): ...


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        sys.path.append(str(Path(__file__).parent))
        import twin

        from . import receivers, twin  # noqa: F401, F811

        def w001_local(sender, **kwargs): ...

        def w001_cycle(sender, **kwargs):
            return w001_cycle

        def fine_kept(sender, **kwargs):
            return self

        def fine_strong(sender, **kwargs): ...

        self.kept = fine_kept, Lasting(), functools.partial(fine_bound, bound=1)
        post_save.connect(w001_local)
        post_save.connect(w001_cycle)
        post_save.connect(functools.partial(w001_partial))
        post_save.connect(Temporary().w001_method)
        post_save.connect(fine_kept)
        post_save.connect(self.kept[1].fine_method)
        post_save.connect(self.kept[2])
        post_save.connect(fine_strong, weak=False)
        post_save.connect(w016)
        post_migrate.connect(w001_partial, sender=self)
        class_prepared.connect(w017)
