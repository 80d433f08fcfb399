from __future__ import annotations

import functools

import pytest

from signaltools.events.fitting import Misfit, misfit

SENT = {"signal", "sender", "order", "amount"}
FITS = Misfit((), False)


def fits(sender, order, note=None, *args, **kwargs): ...


def asks(sender, ordr, /, *, amuont, **kwargs): ...


def closed(sender, order, amount, signal): ...


class Signed:
    @property
    def __signature__(self):
        raise RuntimeError

    def __call__(self, **kwargs): ...


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        (fits, FITS),
        (asks, Misfit(("ordr", "amuont"), False)),
        (closed, Misfit((), True)),
        (functools.partial(asks, 1, 2, amuont=1), FITS),
        (functools.wraps(closed)(lambda **kwargs: None), FITS),
        (Signed(), FITS),
        (1, FITS),
    ],
)
def test_only_what_is_required_and_not_sent_is_a_misfit(receiver, expected):
    assert misfit(receiver, SENT) == expected
