from __future__ import annotations

from django.db import models


class Stamped(models.Model):
    stamp = models.CharField(max_length=20)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.stamp


class Tag(Stamped):
    pass


class Order(Stamped):
    tags = models.ManyToManyField(Tag, related_name="tagged")
    items = models.ManyToManyField(Tag, through="Line", related_name="ordered")


class Line(Stamped):
    order = models.ForeignKey(Order, models.CASCADE)
    item = models.ForeignKey(Tag, models.CASCADE)


class RushOrder(Order):
    class Meta:
        proxy = True


class GiftOrder(Order):
    greeting = models.CharField(max_length=20)
