"""
That Mermaid draws these texts as they are meant has been seen in a browser.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from signaltools.events.background import Background
from signaltools.reports.list_mermaid import render_mermaid, render_model_mermaid
from tests.records import builtin, model, receiver, sent_by, signal

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


def test_a_receiver_in_the_background_says_so():
    mail = receiver("shop.mail", background=Background("default", "mail", True))
    label = '["mail<br/>background (queue mail)"]'
    assert label in render_mermaid([signal("shop.paid", mail)])
    steps = [model().steps[1]._replace(receivers=(mail,))]
    assert label.replace("mail<", "shop.mail<") in render_model_mermaid(
        model(steps=steps)
    )


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


# --- what sends a signal ------------------------------------------------------------


def lines_of(*signals, **options):
    return [
        line.strip() for line in render_mermaid(signals, **options).split("\n")[2:-1]
    ]


def test_what_sends_a_signal_leads_to_it():
    senders = (sent_by("shop.services.Desk.pay", module="shop.services"),)
    senders += (sent_by("shop.shell", module="shop.shell"),)
    record = signal("shop.paid", receiver("crm.notify", app=None), sent_by=senders)
    assert lines_of(record) == [
        'n1(["paid<br/>shop"])',
        'n3("Desk.pay<br/>shop.services")',
        'n4("shop.shell")',
        'subgraph g1 ["crm"]',
        'n2["notify"]',
        "end",
        "n1 --> n2",
        "n3 --> n1",
        "n4 --> n1",
    ]


def test_a_receiver_that_sends_another_signal_leads_to_it():
    reserve = receiver("stock.reserve", line=20, triggers=("stock.low", "stock.gone"))
    senders = (
        # In the receiver, and in a function that it calls.
        sent_by("stock.reserve", line=22, module="stock"),
        sent_by("stock.tell", line=40, module="stock", run_by=frozenset({20, 38})),
    )
    signals = (
        signal("shop.placed", reserve),
        # A loop.
        signal("stock.low", reserve, sent_by=senders),
        signal("stock.gone", sent_by=senders),
    )
    assert lines_of(*(each for each in signals)) == [
        'n1(["placed<br/>shop"])',
        'n3(["low<br/>stock"])',
        'subgraph g1 ["stock"]',
        'n2["reserve"]',
        "end",
        "n1 --> n2",
        "n3 --> n2",
        "n2 --> n3",
    ]


def test_a_package_that_sends_its_signals_is_one_node():
    place = {"component": "third_party"}
    signals = (
        signal(
            "history.done",
            receiver("shop.log"),
            receiver("history.x", order=2, triggers=("history.done",), **place),
            sent_by=(sent_by("history.a.f", **place), sent_by("history.b.g", **place)),
            **place,
        ),
    )
    assert lines_of(*signals) == [
        'n1(["done<br/>history"])',
        'n3[["history<br/>1 receiver"]]',
        'subgraph g1 ["shop"]',
        'n2["log"]',
        "end",
        "n1 --> n2",
        "n1 --> n3",
        "n3 --> n1",
    ]
    assert 'n4("f<br/>history.a")' in lines_of(*signals, collapse=False)


def test_names_of_functions_cannot_break_out_of_the_graph():
    senders = [sent_by(f"shop.{name}", module="shop") for name in HOSTILE]
    record = signal("shop.paid", receiver("a.b", app="x"), sent_by=senders)
    for line in lines_of(record):
        for text in re.findall('"(.*?)"[\\])|]', line):
            assert re.fullmatch(r"(?:[\w .,()]|#\d+;|<br/>)+", text, re.ASCII), text
