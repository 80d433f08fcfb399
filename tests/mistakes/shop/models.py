from django.db import models
from django.db.models.signals import post_save


def fine_field(**kwargs): ...


class MarkedField(models.IntegerField):
    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, **kwargs)
        post_save.connect(fine_field, sender=cls)


class Base(models.Model):
    mark = MarkedField(default=0)

    class Meta:
        abstract = True


class Tag(models.Model):
    pass


class Order(Base):
    tags = models.ManyToManyField(Tag)
    lines = models.ManyToManyField(Tag, through="Line", related_name="orders")


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)


if hasattr(models, "DB_CASCADE"):

    class Note(models.Model):
        order = models.ForeignKey(Order, models.DB_CASCADE)
