from __future__ import annotations

import pytest

from signaltools.reports.layout import Look
from signaltools.reports.list_markdown import render_markdown
from signaltools.reports.list_text import render_text
from signaltools.reports.receiver_rows import ReceiverRow, receiver_rows
from tests.records import receiver, signal


def index(order, sender, **changes):
    return receiver(
        "shop.search.index", sender=sender, sender_kind="model", order=order, **changes
    )


def indexes(*orders, **changes):
    return [index(order, f"shop.Part{order:02}", **changes) for order in orders]


def shown(receivers, **options):
    rows = receiver_rows(receivers, **{"collapse": True, **options})
    return [(row.receiver.order, row.senders, row.detail) for row in rows]


def test_up_to_three_senders_have_rows_of_their_own():
    few = indexes(1, 2, 3)
    alone = [ReceiverRow(each, each.sender) for each in few]
    assert receiver_rows(few, collapse=True) == alone
    assert shown(indexes(1, 2, 3, 4)) == [
        (
            1,
            "4 senders",
            "shop.Part01, shop.Part02, shop.Part03, and shop.Part04 (numbers 1 to 4)",
        )
    ]


def test_many_senders_are_named_in_part_and_counted():
    [(_, senders, detail)] = shown(indexes(*range(1, 1201)))
    assert senders == "1,200 senders"
    assert detail == (
        "shop.Part01, shop.Part02, shop.Part03, and 1197 others (numbers 1 to 1200)"
    )
    assert len(shown(indexes(*range(1, 41)), collapse=False)) == 40


def test_the_numbers_leave_out_receivers_that_lie_between():
    log = receiver("shop.audit.log", order=3)
    rows = shown([*indexes(1, 2), log, *indexes(4, 5, 6), *indexes(8)])
    assert [row[:2] for row in rows] == [(1, "6 senders"), (3, "any sender")]
    assert rows[0][2].endswith("and 3 others (numbers 1 to 2, 4 to 6, and 8)")


def test_receivers_that_alternate_keep_the_order_in_which_each_runs_first():
    both = []
    for number in range(1, 41, 2):
        sender = f"shop.Part{number:02}"
        both += [
            index(number, sender),
            receiver("shop.b", order=number + 1, sender=sender, sender_kind="model"),
        ]
    rows = receiver_rows(both, collapse=True)
    assert [row.receiver.order for row in rows] == [1, 2]
    assert rows[1].detail.endswith("(numbers 2, 4, 6, 8, 10, and 15 others)")


def test_rows_that_are_not_collapsed_stay_in_their_places():
    a, b = indexes(1, 3), receiver("shop.b", order=2)
    assert [order for order, *_ in shown([a[0], b, a[1]])] == [1, 2, 3]


def test_asynchronous_receivers_have_no_numbers():
    several = [index(None, f"shop.P{n}", is_async=True) for n in range(5)]
    assert shown(several) == [
        (None, "5 senders", "shop.P0, shop.P1, shop.P2, and 2 others")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"problems": ("W002",)},
        {"weak": False},
        {"line": 99},
        {"sender": None, "sender_kind": None},
        {"is_async": True, "order": None},
    ],
)
def test_what_differs_in_more_than_its_sender_has_a_row_of_its_own(changes):
    other = index(5, "shop.Other")._replace(**changes)
    rows = receiver_rows([*indexes(1, 2, 3, 4), other], collapse=True)
    assert rows[0].senders == "4 senders"
    assert rows[1].receiver == other


def test_a_uid_is_shown_if_it_is_that_of_each_sender():
    [same] = receiver_rows(indexes(1, 2, 3, 4, dispatch_uid="index"), collapse=True)
    assert same.receiver.dispatch_uid == "index"
    each = [r._replace(dispatch_uid=f"index-{r.order}") for r in indexes(1, 2, 3, 4)]
    [different] = receiver_rows(each, collapse=True)
    assert different.receiver.dispatch_uid is None


def test_senders_that_read_the_same_are_named_once():
    several = [receiver("shop.a", order=n, sender_kind="unknown") for n in range(1, 6)]
    assert shown(several) == [(1, "5 senders", "unknown sender (numbers 1 to 5)")]


def test_any_number_of_senders_takes_a_few_lines():
    record = signal("shop.saved", *indexes(*range(1, 41)))
    text = render_text([record], [record], Look(folder="/srv/site"))
    assert text.splitlines()[2:-2] == [
        f"shop.saved{'shop.py:3':>90}",
        f"   1  shop.search.index  40 senders{'shop/search.py:12':>65}",
        "        shop.Part01, shop.Part02, shop.Part03, and 37 others "
        "(numbers 1 to 40), see --all",
    ]
    everything = Look(folder="/srv/site", collapse_senders=False)
    assert render_text([record], [record], everything).count("shop.search.index") == 40


def test_a_catalog_collapses_them_too():
    record = signal("shop.saved", *indexes(*range(1, 41)))
    assert render_markdown([record], "/srv/site").splitlines()[-1] == (
        "| 1 | `shop.search.index` | 40 senders: shop.Part01, shop.Part02, "
        r"shop.Part03, and 37 others (numbers 1 to 40\) | shop/search.py:12 |"
    )
    everything = render_markdown([record], collapse_senders=False)
    assert everything.count("shop.search.index") == 40
