from __future__ import annotations

from dataclasses import dataclass, field
from unittest import mock

import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.models.signals import post_init

from signaltools.testing import capture
from signaltools.testing.snapshots import snapshot
from tests.testapp.models import Line, Order, Tag


@dataclass
class Parcel:
    weight: int
    items: list = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    weight: int


class Closing(models.Model):
    class Meta:
        app_label = "testapp"
        apps = Apps()

    def __del__(self):
        pass


class Own(list):
    pass


def test_containers_are_copied_with_what_is_in_them():
    tag = Tag(pk=1, stamp="gift")
    value = {"tags": [tag], "pair": (tag, {1, 2})}
    copied = snapshot(value)
    assert copied == value
    assert copied["tags"] is not value["tags"]
    tag.pk = None
    assert copied["tags"] == [Tag(pk=1)]
    assert copied["pair"] == (Tag(pk=1), {1, 2})


def test_a_container_of_itself_is_copied():
    value = [1]
    value.append(value)
    assert snapshot(value)[0] == 1


def test_instances_are_copied_without_running_their_code():
    order = Order(pk=1)
    line = Line(pk=2, order=order)
    with (
        capture(post_init) as sent,
        mock.patch.object(Line, "__init__", side_effect=AssertionError),
        mock.patch.object(Line, "__reduce__", side_effect=AssertionError),
    ):
        copied = snapshot(line)
    assert len(sent) == 0
    assert type(copied) is Line
    assert copied == line
    assert copied.order is order
    copied.order = Order(pk=3)
    assert line.order is order
    assert copied._state is not line._state


def test_dataclasses_are_copied():
    parcel = Parcel(3)
    copied = snapshot(parcel)
    parcel.weight = 4
    assert copied == Parcel(3)


@pytest.mark.parametrize("value", [Slotted(3), Closing(pk=1), Own([1]), print, "text"])
def test_other_objects_are_not_copied(value):
    assert snapshot(value) is value
