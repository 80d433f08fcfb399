"""
That Mermaid draws these texts as they are meant has been seen in a browser.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from signaltools.reports.list_mermaid import render_mermaid, render_model_mermaid
from tests.records import builtin, model, receiver, signal

GOLDEN = Path(__file__).parents[1] / "golden"
ORDER = {"sender": "shop.Order", "sender_kind": "model"}


def history(name, **changes):
    return receiver(f"simple_history.{name}", component="third_party", **changes)


def inside_django(name, **changes):
    return receiver(f"django.{name}", component="django", **changes)


SITE = [
    signal("shop.signals.order_lost"),
    signal(
        "shop.signals.order_paid",
        receiver("shop.stock.reserve"),
        receiver("tests.crm.mail.notify", app="crm", **ORDER),
        receiver("scripts.<locals>.broadcast", app=None, is_async=True, **ORDER),
    ),
    builtin(
        "db.models.signals.post_save",
        receiver("shop.stock.reserve", sender="shop.Tag", sender_kind="model"),
        *(
            history("models.record", sender=f"shop.{name}", sender_kind="model")
            for name in ("A", "B", "C", "B", "D", "E")
        ),
    ),
    builtin(
        "core.signals.setting_changed",
        inside_django("test.reset"),
        inside_django("core.files.Storage.clear", storage=True),
        receiver("debug_toolbar.x", component="third_party"),
    ),
]


def assert_golden(name, text):
    file = GOLDEN / name
    if "UPDATE_GOLDEN" in os.environ:
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


def test_a_project_as_a_graph():
    assert_golden("graph.mmd", render_mermaid(SITE))


def test_expanded():
    assert_golden("graph_expanded.mmd", render_mermaid(SITE, collapse=False))


def test_a_class_that_decides_what_a_field_sends_is_named():
    steps = [model().steps[1]._replace(decided_by="taggit.Manager")]
    assert "if taggit.Manager sends it" in render_model_mermaid(model(steps=steps))


def test_a_model_as_a_graph():
    assert_golden("model.mmd", render_model_mermaid(model()))


def test_an_empty_graph_says_so():
    body = render_mermaid(SITE[:1]).split("\n", 1)[1]
    assert body == 'flowchart LR\n  nothing["no receivers"]\n'
    assert render_model_mermaid(model(steps=())).endswith(body)


def graph_of(name):
    named = receiver("a.b", app="x")._replace(name=name)
    return render_mermaid([signal("shop.paid", named)]).split("\n", 1)[1]


HOSTILE = (
    'x"]; r1["y',
    "a]b[c{d}e(f)",
    "#quot;&lt;",
    "<script>alert(1)</script>",
    "a\nclick n1 href javascript:alert(1)\n%% x",
    "`**bold**` [l](x)",
    "fa:fa-car style:x#1;y",
    "$$\\frac$$",
    "%%{init: {}}%%",
    "\u202eevil\x1b[31m",
    "ﬂ°°60¶ß",
    "größe",
    "x" * 500,
    "",
)


def test_names_cannot_break_out_of_the_graph():
    signals = [
        signal(
            f"shop.{name}",
            receiver("a.b", app=name, sender=name, sender_kind="class")._replace(
                name=name
            ),
            history("x")._replace(module=f"{name}.x"),
        )
        for name in HOSTILE
    ]
    assert_golden("hostile.mmd", render_mermaid(signals))


def test_every_text_is_letters_and_numbers_of_characters():
    for name in HOSTILE:
        for text in re.findall('"(.*?)"[\\])|]', graph_of(name)):
            assert re.fullmatch(r"(?:[\w .,()]|#\d+;|<br/>)+", text, re.ASCII), text
        assert len(graph_of(name).splitlines()) == 6


def test_a_word_joiner_hides_what_mermaid_looks_for():
    assert 'n2["#36;#8288;#36;#8288;x"]' in graph_of("$$x")
    assert 'n2["fa#58;#8288;fa"]' in graph_of("fa:fa")
