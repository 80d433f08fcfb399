"""
Models that only the mistakes use, to keep them away from the shop.
"""

from django.db import models


class Label(models.Model):
    text = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.text


class Parcel(models.Model):
    address = models.CharField(max_length=200)
    labels = models.ManyToManyField(Label)

    def __str__(self) -> str:
        return f"Parcel to {self.address}"
