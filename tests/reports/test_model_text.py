from __future__ import annotations

import os
from pathlib import Path

from signaltools.inventory.model_signals import ModelSignals, Step
from signaltools.reports.layout import Look
from signaltools.reports.model_text import render_model_text
from tests.records import model, receiver

GOLDEN = Path(__file__).parents[1] / "golden"


def render(found, **look):
    return render_model_text(found, Look(**{"folder": "/srv/site", **look}))


def assert_golden(name, text):
    file = GOLDEN / name
    if "UPDATE_GOLDEN" in os.environ:
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


def test_a_model_at_a_glance():
    assert_golden("model.txt", render(model()))


def test_a_narrow_terminal():
    assert_golden("model_narrow.txt", render(model(), width=60))


def test_a_model_that_is_never_saved_says_why():
    found = ModelSignals("shop.Base", "it is abstract", (), (), (), ())
    assert render(found, width=60) == (
        "shop.Base: what runs, in order                   0 receivers\n"
        "  nothing: it is abstract\n"
    )


def test_a_class_that_decides_what_is_sent_is_named():
    item = receiver("shop.tags.on_item", sender="taggit.Item", sender_kind="model")
    taggable = "taggit.managers.TaggableManager"
    steps = [
        Step("tags.add()", f"django.db.models.signals.{name}", "taggit.Item", *rest)
        for name, *rest in [
            ("m2m_changed", "", (), taggable),
            ("post_save", "", (item,), taggable),
            ("pre_delete", "between them", (item,), "Rows"),
        ]
    ]
    found = model(steps=steps, cascades=(), unrelated=(), never=())
    assert_golden("model_decided.txt", render(found, width=72))


def test_a_delete_of_the_project_may_delete_more():
    step = model().steps[1]
    delete = step._replace(action="delete()", decided_by="shop.models.Hidden")
    unseen = ("what shop.models.keep_paid deletes, the on_delete of shop.Line.order",)
    found = model(steps=(delete,), unrelated=(), never=(), unseen=unseen)
    lines = render(found).splitlines()
    assert "  may also delete, sending their own signals: shop.Line, shop.Gift" in lines
    assert f"  can't be seen: {unseen[0]}" in lines
    assert not any(line.startswith("  also deletes") for line in lines)


def test_color_is_for_headings_and_actions():
    lines = render(model(), heading="<{}>".format, name="[{}]".format).splitlines()
    assert [line for line in lines if line.startswith(("<", "["))] == [
        f"<shop.Order: what runs, in order>{' ' * 58}5 receivers",
        "[save()]",
        "[delete()]",
        "[tags.add(), remove(), set(), clear()]",
        "<Related, but will NOT run>",
        "<Sends no signals>",
    ]


def test_names_cannot_steer_a_terminal():
    bad = "x\x1b[31m\n\u202e"
    named = receiver("a.b")._replace(name=bad)
    steps = (
        Step(bad, "post_save", f"{bad}y", "", (named,)),
        Step("delete()", "post_delete", bad, "", ()),
    )
    text = render(
        model(label=bad, never_saved=bad, steps=steps, cascades=(bad,), never=(bad,))
    )
    assert text.count(r"x\x1b[31m\n\u202e") == 7
    assert not set("\x1b\u202e") & set(text)
