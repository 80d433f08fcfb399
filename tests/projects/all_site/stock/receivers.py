from django.db.models.signals import post_migrate


class Shelf:
    def __call__(self, sender, **kwargs):
        pass

    @classmethod
    def of_class(cls, sender, **kwargs):
        pass

    def after_own_app(self, sender, **kwargs):
        sender.get_model("Item").objects.create(name="last")


shelf = Shelf()


def before_each_app(sender, **kwargs):
    pass


def connect_another(sender, **kwargs):
    post_migrate.connect(connected_late, dispatch_uid="stock.connected_late")


def connected_late(sender, **kwargs):
    pass


def count(sender, what=None, **kwargs):
    pass


def never_called(sender, **kwargs):
    pass


def after_save(sender, **kwargs):
    pass


def after_init(sender, **kwargs):
    pass


def after_loading(sender, **kwargs):
    pass
