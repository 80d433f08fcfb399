"""
Receivers that factory_boy takes out.
"""

from __future__ import annotations

import factory
import pytest
from django.contrib.auth.models import Group
from django.db.models.signals import post_save

import signaltools

pytestmark = pytest.mark.django_db


class GroupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Group

    name = "staff"


MutedFactory = factory.django.mute_signals(post_save)(GroupFactory)


def on_save(**kwargs):
    pass


@pytest.fixture(autouse=True)
def connected():
    post_save.connect(on_save, sender=Group)
    yield
    post_save.disconnect(on_save, sender=Group)


def reasons(trace):
    name = f"{__name__}.on_save"
    items = [each for each in trace.not_run if each.receiver]
    return [each.text for each in items if each.receiver.name == name]


def test_receivers_are_taken_out_by_a_block():
    with signaltools.trace() as trace, factory.django.mute_signals(post_save):
        Group.objects.create(name="staff")

    assert reasons(trace) == ["taken out while post_save was sent"]
    assert trace.remarks == ()


def test_receivers_are_taken_out_by_a_factory():
    with signaltools.trace() as trace:
        MutedFactory()

    assert reasons(trace) == ["taken out while post_save was sent"]
    assert trace.remarks == ()


def test_receivers_that_are_back_for_another_send_ran():
    with signaltools.trace() as trace:
        MutedFactory()
        Group.objects.create(name="guests")

    assert reasons(trace) == []
    assert trace.remarks == ()
