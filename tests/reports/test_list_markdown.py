from __future__ import annotations

import os
from pathlib import Path

from signaltools.events.background import Background
from signaltools.events.declaration import Argument
from signaltools.inventory.records import EventRecord
from signaltools.reports.list_markdown import render_markdown
from tests.records import builtin, receiver, sent_by, signal

GOLDEN = Path(__file__).parents[1] / "golden/catalog.md"
HOSTILE = "a|b`c``d*_<script>[x](y)\x1b[31m"

PAID = signal(
    "shop.signals.order_paid",
    receiver("crm.receivers.notify_sales", sender="shop.Order", sender_kind="model"),
    receiver("push.ws.broadcast", order=None, is_async=True, file=None),
    kind="event",
    doc="An order has been paid.\n\nSent *once*.",
    sent_by=(
        sent_by("shop.services.pay", method="send_on_commit"),
        sent_by(f"shop.{HOSTILE}", module="shop"),
    ),
    event=EventRecord(
        label="shop.order_paid",
        version=2,
        signature="(sender: type[Order], *, order: Order, coupon: str | None = None)",
        arguments=(
            Argument("order", "Order", None, True),
            Argument("coupon", "str | None", "None", False),
            Argument("note", "", "''", False),
        ),
    ),
)
BARE = signal(
    "shop.signals.bare",
    kind="event",
    event=EventRecord("shop.bare", 1, "(sender)", ()),
)
NAMED_BADLY = signal(
    HOSTILE,
    receiver(HOSTILE, sender=HOSTILE, sender_kind="class"),
    receiver("`"),
    doc=f"# {HOSTILE}\n- x\n1. y",
)


def test_a_receiver_in_the_background_says_so():
    background = Background("default", "my_mail|x", False)
    mail = receiver("shop.mail", background=background, problems=("W105",))
    text = render_markdown([signal("shop.paid", mail)])
    assert (
        "| 1 | `shop.mail` background (queue my_mail\\|x, not on commit) W105 |" in text
    )


def test_the_catalog_is_what_people_read():
    records = [PAID, BARE, builtin("db.models.signals.pre_init"), NAMED_BADLY]
    text = render_markdown(records, "/srv/site")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_a_catalog_of_nothing_is_its_heading():
    assert render_markdown([]) == "# Signals\n"


def test_ids_of_problems_stand_beside_their_receiver():
    record = signal("shop.paid", receiver("shop.pay", problems=("I005", "W012")))
    lines = render_markdown([record]).splitlines()
    assert lines[-1].startswith("| 1 | `shop.pay` I005, W012 | any sender |")
