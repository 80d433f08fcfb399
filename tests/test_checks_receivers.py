from __future__ import annotations

import pytest

from signaltools import event
from tests.problems import problems

NAME = "shop.signals.invoice_printed"


@event
def invoice_printed(sender: type, *, order: int, amount: int = 0) -> None: ...


def only(signal, check):
    """
    Return message and hint of the one finding there is.
    """
    [finding] = problems(signal, NAME)
    assert finding.id == check
    return finding.message, finding.hint


@pytest.mark.usefixtures("without_test_tools")
def test_W101_receiver_asks_for_what_is_not_sent():  # noqa: N802
    def receive(sender, ordr, **kwargs): ...

    invoice_printed.connect(receive)
    assert only(invoice_printed, "W101") == (
        f"The receiver '{__name__}.{receive.__qualname__}' asks for 'ordr', "
        "which 'shop.signals.invoice_printed' does not send.",
        "Did you mean 'order'?",
    )


@pytest.mark.usefixtures("without_test_tools")
def test_W101_hint_lists_what_is_sent_if_nothing_is_near():  # noqa: N802
    def receive(sender, zzz, **kwargs): ...

    invoice_printed.connect(receive)
    _, hint = only(invoice_printed, "W101")
    assert hint == "It sends sender, order, amount."


@pytest.mark.usefixtures("without_test_tools")
def test_W102_receiver_without_kwargs():  # noqa: N802
    def receive(sender, order, amount, signal): ...

    invoice_printed.connect(receive)
    assert only(invoice_printed, "W102") == (
        f"The receiver '{__name__}.{receive.__qualname__}' of "
        "'shop.signals.invoice_printed' does not accept **kwargs.",
        "Add **kwargs: it breaks as soon as an argument is added.",
    )
