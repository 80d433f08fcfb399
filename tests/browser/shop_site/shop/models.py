from django.db import models


class Order(models.Model):
    customer = models.CharField(max_length=50)


class Stock(models.Model):
    left = models.IntegerField()


class Tag(models.Model):
    name = models.CharField(max_length=50)
