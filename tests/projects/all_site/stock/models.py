from django.db import models
from simple_history.models import HistoricalRecords


class Label(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self):
        return self.name


class Item(models.Model):
    name = models.CharField(max_length=100)
    labels = models.ManyToManyField(Label)
    history = HistoricalRecords()

    def __str__(self):
        return self.name
