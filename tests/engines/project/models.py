from __future__ import annotations

from django.db import models


class Order(models.Model):
    pass


class Call(models.Model):
    """
    A receiver has been called; ``text`` says what was wrong with its arguments.
    """

    receiver = models.CharField(max_length=20)
    number = models.IntegerField(default=0)
    text = models.TextField()


class Finished(models.Model):
    """
    A task has finished, as its engine says.
    """

    status = models.CharField(max_length=20)
    error = models.TextField()
    trap_is_loaded = models.BooleanField()
