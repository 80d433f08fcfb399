from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from unittest import mock

import pytest
from django.db.models.signals import post_delete, post_init, pre_save

from signaltools import event
from signaltools.testing import assert_not_sent, assert_sent, capture, where
from tests.testapp.models import Order, Tag
from tests.testapp.signals import order_cancelled, order_paid

NAME = "'tests.testapp.signals.order_cancelled'"


class Hostile:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None

    def __repr__(self):
        raise ValueError


def message(caught):
    return str(caught.value)


@pytest.fixture
def failing():
    return pytest.raises(AssertionError)


def test_a_part_of_the_arguments_is_enough():
    with assert_sent(order_cancelled, {"a": 1, "b": mock.ANY}, sender=Order) as sent:
        order_cancelled.send(Order, a=1, b=2, c=3)
    assert len(sent) == 1
    with assert_not_sent(order_cancelled, {"a": 2}), assert_not_sent(order_paid):
        order_cancelled.send(Order, a=1)
    sent.assert_not_sent(order_cancelled, sender=None)
    sent.assert_not_sent(order_cancelled, {"d": 1})
    sent.assert_sent(order_cancelled, times=1)
    sent.assert_sent(order_cancelled, {"a": 7}, times=0)


@pytest.mark.parametrize("arguments", [[("a", 1)], "a", 3])
def test_arguments_must_be_a_dict(arguments):
    with pytest.raises(TypeError) as caught:
        assert_sent(order_cancelled, arguments)
    assert message(caught) == not_a_dict(arguments)


def not_a_dict(arguments):
    return (
        f"The expected arguments must be a dict, not {arguments!r}. "
        "Call functions inside the block, use where() for a value, and sender= "
        "for the sender."
    )


def test_a_callable_is_not_taken_for_arguments():
    def pay():
        raise RuntimeError

    with capture(order_cancelled) as sent:
        pass
    for function in (assert_sent, assert_not_sent, sent.assert_sent):
        for arguments in (pay, Order):
            with pytest.raises(TypeError) as caught:
                function(order_cancelled, arguments)
            assert message(caught) == not_a_dict(arguments)


# At the send or at the end


@pytest.mark.django_db
def test_a_deleted_instance_is_what_it_was(failing):
    tag, other = Tag.objects.create(stamp="a"), Tag.objects.create(stamp="b")
    pk, same, another = tag.pk, Tag.objects.get(pk=tag.pk), Tag(pk=other.pk, stamp="c")
    with (
        capture(post_delete) as sent,
        assert_sent(post_delete, {"instance": same}, sender=Tag, times=1),
        assert_sent(post_delete, {"instance": tag}, times=1),
        assert_sent(post_delete, {"instance": where(lambda tag: tag.pk == pk)}),
        assert_not_sent(post_delete, {"instance": another}),
    ):
        tag.delete()
    assert tag.pk is None
    sent.assert_sent(post_delete, {"instance": same}, times=1)
    sent.assert_sent(post_delete, {"instance": tag}, times=1)
    sent.assert_sent(post_delete, {"instance": where(lambda tag: tag.pk == pk)})
    sent.assert_not_sent(post_delete, {"instance": another})
    assert sent[0].arguments["instance"] is tag

    for check in (sent.assert_sent, sent.assert_sent):
        with failing as caught:
            check(post_delete, {"instance": another})
        assert message(caught) == (
            "'django.db.models.signals.post_delete' was sent once, but "
            "'instance' was <Tag: a>, not <Tag: c>."
        )
    with failing as caught, assert_not_sent(post_delete, {"instance": same}):
        other.delete()
        sent_tag = Tag(pk=pk, stamp="a")
        post_delete.send(Tag, instance=sent_tag)
        sent_tag.pk = None


def test_an_instance_that_is_saved_later_is_what_it_is_at_the_end():
    tag = Tag(stamp="a")
    with capture(pre_save) as sent, assert_sent(pre_save, {"instance": Tag(pk=7)}):
        pre_save.send(Tag, instance=tag)
        tag.pk = 7
    sent.assert_sent(pre_save, {"instance": Tag(pk=7)}, times=1)


def test_an_argument_that_changes_is_what_it_was_or_what_it_is(failing):
    with capture(order_cancelled) as sent:
        for expected in ([1], [1, 2]):
            items = [1]
            with assert_sent(order_cancelled, {"items": expected}, times=1):
                order_cancelled.send(None, items=items)
                items.append(2)
    sent.assert_sent(order_cancelled, {"items": [1]}, times=2)
    sent.assert_sent(order_cancelled, {"items": [1, 2]}, times=2)
    with failing as caught, assert_sent(order_cancelled, {"items": [2]}):
        order_cancelled.send(None, items=(items := [1]))
        items.append(2)
    assert message(caught) == (
        f"{NAME} was sent once, but 'items' was [1] (now [1, 2]), not [2]."
    )


def test_objects_of_any_class_are_compared_at_the_send():
    class Cart:
        total = 1

        def __eq__(self, other):
            return self.total == other

        __hash__ = None

    cart = Cart()
    with (
        assert_sent(order_cancelled, {"cart": 1}),
        assert_sent(order_cancelled, {"cart": 2}),
        assert_sent(order_cancelled, {"cart": where(lambda cart: cart.total == 1)}),
        assert_not_sent(order_cancelled, {"cart": 3}),
    ):
        order_cancelled.send(None, cart=cart)
        cart.total = 2


def test_each_argument_is_compared_at_the_send_or_at_the_end():
    deleted, saved = Tag(pk=1), Tag()
    with assert_sent(order_cancelled, {"deleted": Tag(pk=1), "saved": Tag(pk=2)}):
        order_cancelled.send(None, deleted=deleted, saved=saved)
        deleted.pk, saved.pk = None, 2


@pytest.mark.django_db
def test_a_sender_is_what_it_was(failing):
    tag = Tag.objects.create(stamp="a")
    same = Tag.objects.get()
    with (
        capture(order_cancelled) as sent,
        assert_sent(order_cancelled, sender=same, times=1),
    ):
        order_cancelled.send(tag)
        tag.delete()
    sent.assert_sent(order_cancelled, sender=same, times=1)
    with failing as caught:
        sent.assert_sent(order_cancelled, sender=Tag(pk=same.pk + 1, stamp="a"))
    assert message(caught) == (
        f"{NAME} was sent once, but the sender was <Tag: a>, not <Tag: a> "
        f"(pk {same.pk}, not {same.pk + 1})."
    )


def test_sends_of_one_list_are_counted_by_what_it_was(failing):
    items = []
    with (
        capture(order_cancelled) as sent,
        assert_sent(order_cancelled, {"items": [1, 2]}, times=1),
        assert_sent(order_cancelled, {"items": [1]}, times=1),
        assert_sent(order_cancelled, {"items": mock.ANY}, times=2),
    ):
        for number in (1, 2):
            items.append(number)
            order_cancelled.send(None, items=items)
    sent.assert_sent(order_cancelled, {"items": [1, 2]}, times=1)
    with failing as caught:
        sent.assert_sent(order_cancelled, {"items": [1, 2]}, times=3)
    assert message(caught) == (
        f"{NAME} was sent twice in this way, not 3 times: "
        "by None with items=[1] (now [1, 2]) and by None with items=[1, 2]."
    )


@pytest.mark.django_db
def test_what_a_comparison_sends_does_not_count():
    Tag.objects.create(stamp="a")

    def load(instance):
        return Tag.objects.get(stamp="a").stamp == "a"

    with assert_sent(post_init, {"instance": where(load)}, times=1) as sent:
        Order()
    assert len(sent) == 1


@pytest.mark.parametrize("method", ["asend", "asend_robust"])
def test_awaited_sends_are_compared_when_they_begin(method):
    async def main():
        with assert_sent(order_cancelled, {"tag": Tag(pk=1)}, times=1):
            await getattr(order_cancelled, method)(None, tag=tag)
            tag.pk = None

    tag = Tag(pk=1)
    asyncio.run(main())


def test_sends_of_other_threads_are_compared_when_they_begin():
    def send():
        tag = Tag(pk=1)
        order_cancelled.send(None, tag=tag)
        tag.pk = None

    with assert_sent(order_cancelled, {"tag": Tag(pk=1)}, times=1, everywhere=True):
        thread = threading.Thread(target=send)
        thread.start()
        thread.join()


def test_a_name_may_be_anything(failing):
    with failing as caught, assert_sent(order_cancelled, {1: Tag}):
        order_cancelled.send(Tag)
    assert message(caught) == f"{NAME} was sent once, but there was no argument 1."


@pytest.mark.parametrize("function", [assert_sent, assert_not_sent])
def test_a_sender_among_the_arguments_is_refused(function):
    with pytest.raises(TypeError) as caught:
        function(order_cancelled, {"sender": Tag})
    assert message(caught) == (
        "Use sender= for the sender, not the expected arguments."
    )


# Failures


def test_different_arguments_are_shown(failing):
    with failing as caught, assert_sent(order_cancelled, {"amount": Decimal(36)}):
        order_cancelled.send(None, amount=Decimal(37))
    assert message(caught) == (
        f"{NAME} was sent once, but 'amount' was Decimal('37'), not Decimal('36')."
    )

    with failing as caught, assert_sent(order_cancelled, {"amout": 1}, sender=Tag):
        order_cancelled.send(Order, amount=1)
    assert message(caught) == (
        f"{NAME} was sent once, but the sender was testapp.Order, not testapp.Tag and "
        "there was no argument 'amout' (Did you mean 'amount'?)."
    )


def test_the_closest_of_several_sends_is_compared(failing):
    with failing as caught, assert_sent(order_cancelled, {"a": 1, "b": 2, "z": 3}):
        order_cancelled.send(None, a=7, b=7)
        order_cancelled.send(None, a=1, b=2)
    assert message(caught) == (
        f"{NAME} was sent twice, but in the closest match, there was no argument 'z'."
    )


def test_a_different_number_of_times_is_shown(failing):
    with failing as caught, assert_sent(order_cancelled, times=1):
        order_cancelled.send(None)
        order_cancelled.send(Order, a=1)
    assert message(caught) == (
        f"{NAME} was sent twice, not once: "
        "by None with no arguments and by testapp.Order with a=1."
    )
    with failing as caught, assert_sent(order_cancelled, {"a": 1}, times=3):
        order_cancelled.send(Order, a=1)
    assert message(caught) == (
        f"{NAME} was sent once in this way, not 3 times: by testapp.Order with a=1."
    )


def test_a_signal_that_should_not_be_sent_is_shown_with_its_sends(failing):
    with failing as caught, assert_not_sent(order_cancelled):
        for number in range(8):
            order_cancelled.send("text", number=number)
    assert message(caught) == (
        f"{NAME} was sent 8 times, but should not have been sent: "
        "by 'text' with number=0, by 'text' with number=1, by 'text' with number=2, "
        "by 'text' with number=3, by 'text' with number=4, and 3 others."
    )


def test_a_send_with_some_arguments_that_should_not_be_sent_is_shown(failing):
    with failing as caught, assert_not_sent(order_cancelled, {"a": 1}):
        order_cancelled.send(Order, a=1)
        order_cancelled.send(Order, a=2)
    assert message(caught) == (
        f"{NAME} was sent once in this way, but should not have been sent: "
        "by testapp.Order with a=1."
    )


def test_an_argument_may_raise_when_it_is_compared_or_shown(failing):
    hostile = Hostile()
    with assert_sent(order_cancelled, {"a": hostile}):
        order_cancelled.send(None, a=hostile)
    with failing as caught, assert_sent(order_cancelled, {"a": hostile}):
        order_cancelled.send(None, a="x" * 500)
    assert message(caught) == (
        f"{NAME} was sent once, but 'a' was '{'x' * 198}…, "
        f"not <{__name__}.Hostile whose repr() raises ValueError> "
        "(comparing them raises RuntimeError)."
    )


def test_an_unnamed_signal_and_an_app_are_shown(failing):
    from django.apps import apps

    signal = event(lambda sender: None)
    with failing as caught, assert_not_sent(signal):
        signal.send(apps.get_app_config("testapp"))
    assert message(caught).endswith(
        " was sent once, but should not have been sent: "
        "by app testapp with no arguments."
    )
