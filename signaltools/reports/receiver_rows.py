"""
Collapse receivers that are connected for many senders of one signal into one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from ..introspect.text import text_list
from ..inventory.records import ReceiverRecord, expected_sender

# As many senders have rows of their own.
_MAX_SENDERS = 3


class ReceiverRow(NamedTuple):
    """
    One receiver, or one that is connected for many senders.

    ``receiver`` is the first connection. ``senders`` describes the senders of all of
    them, and ``detail`` names some and has the numbers of all. It is "" for one.
    """

    receiver: ReceiverRecord
    senders: str
    detail: str = ""


def receiver_rows(
    receivers: Sequence[ReceiverRecord], *, collapse: bool
) -> list[ReceiverRow]:
    """
    Return the rows of one signal, in dispatch order of what each shows first.
    """
    groups: dict[object, dict[int, ReceiverRecord]] = {}
    for index, receiver in enumerate(receivers):
        # A receiver of any sender runs beside each of the others.
        is_many = collapse and receiver.sender_kind is not None
        key = _what_runs(receiver) if is_many else index
        groups.setdefault(key, {})[index] = receiver
    rows: list[tuple[int, ReceiverRow]] = []
    for group in groups.values():
        if len(group) > _MAX_SENDERS:
            rows.append((min(group), _collapsed([*group.values()])))
        else:
            rows += [(index, single_row(each)) for index, each in group.items()]
    return [row for _, row in sorted(rows, key=itemgetter(0))]


def single_row(receiver: ReceiverRecord) -> ReceiverRow:
    return ReceiverRow(receiver, expected_sender(receiver))


def _what_runs(receiver: ReceiverRecord) -> tuple[object, ...]:
    # Each sender often has a dispatch_uid of its own.
    return receiver._replace(
        sender=None, sender_kind=None, sender_app=None, dispatch_uid=None, order=None
    )


def _collapsed(group: Sequence[ReceiverRecord]) -> ReceiverRow:
    first = group[0]
    uids = {receiver.dispatch_uid for receiver in group}
    senders = text_list(dict.fromkeys(map(expected_sender, group)), limit=_MAX_SENDERS)
    # Asynchronous receivers have no numbers.
    orders = [receiver.order for receiver in group if receiver.order is not None]
    numbers = f" (numbers {text_list(_ranges(orders))})" if orders else ""
    return ReceiverRow(
        first if len(uids) == 1 else first._replace(dispatch_uid=None),
        f"{len(group):,} senders",
        senders + numbers,
    )


def _ranges(numbers: Iterable[int]) -> list[str]:
    """
    Return "1 to 20" and "22" for the numbers from 1 to 20 and 22.
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return [" to ".join(map(str, each)) for each in ranges]
