"""
Build records of the inventory by hand: one line for what a test is about.
"""

from __future__ import annotations

from typing import Any

from signaltools.inventory.model_signals import ModelSignals, Step, Unrelated
from signaltools.inventory.names import registry
from signaltools.inventory.reading import read_connected
from signaltools.inventory.records import ReceiverRecord, SendRecord, SignalRecord
from signaltools.recording.tree import Call, Send, Totals


def read_records() -> list[SignalRecord]:
    """
    Return the records of all signals of this process.
    """
    return [each.record for each in read_connected(registry.entries())]


def read_notes() -> list[str]:
    """
    Return the notes about signals of this process that can't be read.
    """
    return [each.note for each in read_connected(registry.entries()) if each.note]


def receiver(name: str, **changes: Any) -> ReceiverRecord:
    module, _, qualname = name.rpartition(".")
    return ReceiverRecord(
        name=name,
        module=module,
        qualname=qualname,
        app=module.partition(".")[0],
        component="project",
        file=f"/srv/site/{module.replace('.', '/')}.py",
        line=12,
        sender=None,
        sender_kind=None,
        sender_app=None,
        dispatch_uid=None,
        weak=True,
        is_async=False,
        order=1,
        storage=False,
    )._replace(**changes)


def signal(name: str, *receivers: ReceiverRecord, **changes: Any) -> SignalRecord:
    module = name.rpartition(".")[0]
    return SignalRecord(
        name=name,
        kind="custom",
        class_name="django.dispatch.dispatcher.Signal",
        app=module.partition(".")[0],
        component="project",
        imported=True,
        file=f"/srv/site/{module.replace('.', '/')}.py",
        line=3,
        doc="",
        aliases=(),
        dispatches_itself=False,
        receivers=receivers,
    )._replace(**changes)


def sent_by(
    function: str, line: int = 7, module: str = "", **changes: Any
) -> SendRecord:
    module = module or function.rpartition(".")[0]
    return SendRecord(
        function=function,
        module=module,
        component="project",
        method="send",
        file=f"/srv/site/{module.replace('.', '/')}.py",
        line=line,
        run_by=frozenset({line - 2}),
    )._replace(**changes)


def builtin(name: str, *receivers: ReceiverRecord, **changes: Any) -> SignalRecord:
    place = {"kind": "builtin", "component": "django", "app": None, "file": None}
    return signal(f"django.{name}", *receivers, **{**place, "line": None, **changes})


def send(signal: str, *calls: Call, **changes: Any) -> Send:
    values = {
        "signal": signal,
        "kind": "builtin" if signal.startswith("django.") else "custom",
        "method": "send",
        "sender": "shop.Order",
        "sender_kind": "model",
        "sender_app": None,
        "arguments": ("order",),
        "file": "/srv/site/shop/views.py",
        "line": 88,
        "queued": False,
        "same_caller": True,
        "values": {},
        "in_atomic": False,
        "received_in_atomic": 0,
        "on_commit": 0,
        "without_receivers": 0 if calls else changes.get("count", 1),
        "unseen": 0,
        "wrong_loop": False,
        "calls": calls,
        "sends": (),
    }
    return Send(**{**MEASURED, **values, **changes})


def call(receiver: str, *sends: Send, **changes: Any) -> Call:
    module = receiver.rpartition(".")[0]
    values = {
        "receiver": receiver,
        "app": module.partition(".")[0],
        "component": "project",
        "file": f"/srv/site/{module.replace('.', '/')}.py",
        "line": 12,
        "order": 1,
        "background": None,
        "busy": 0.002,
        "self_queries": 0,
        "outcome": "returned",
        "swallowed": 0,
        "cancelled": 0,
        "recursive": False,
        "sends": sends,
    }
    return Call(**{**MEASURED, **values, **changes})


MEASURED = {
    "start": 0.0042,
    "time": 0.002,
    "self_time": 0.001,
    "longest": 0.002,
    "count": 1,
    "queries": 0,
    "query_time": 0.0,
    "thread": 1,
    "raised": 0,
    "error": None,
}


def totals(**changes: Any) -> Totals:
    nothing = dict.fromkeys(Totals._fields, 0) | {"time": 0.1}
    return Totals(**{**nothing, **changes})


def model(**changes: Any) -> ModelSignals:
    """
    Return what runs for a model with a bit of everything.
    """
    order = {"sender": "shop.Order", "sender_kind": "model"}
    index = receiver("shop.search.index_order", dispatch_uid="shop.index", **order)
    index = index._replace(triggers=("shop.signals.indexed",))
    log = receiver("audit.log.record", order=2, problems=("W001",))
    push = receiver("push.ws.broadcast", order=None, is_async=True, weak=False)
    retag = receiver("shop.search.retag", sender="shop.Line", sender_kind="model")
    base = receiver("billing.sync.on_base", **{**order, "sender": "shop.BaseOrder"})
    changed = "tags.add(), remove(), set(), clear()"
    values = {
        "label": "shop.Order",
        "never_saved": "",
        "steps": (
            Step("save()", f"{_MODELS}.pre_save", "shop.Order", "", ()),
            Step(
                "save()", f"{_MODELS}.post_save", "shop.Order", "", (index, log, push)
            ),
            Step("delete()", f"{_MODELS}.post_delete", "shop.Order", "", (log,)),
            Step(
                "delete()", f"{_MODELS}.post_delete", "shop.Parent", "as well", (log,)
            ),
            Step(
                changed,
                f"{_MODELS}.m2m_changed",
                "shop.Line",
                "before and after",
                (retag,),
            ),
        ),
        "cascades": ("shop.Line", "shop.Gift"),
        "unrelated": (
            Unrelated(
                f"{_MODELS}.post_save", base, "parent: Django compares senders exactly"
            ),
        ),
        "never": ("QuerySet.update(), bulk_create(), bulk_update(), raw SQL",),
    }
    return ModelSignals(**{**values, **changes})


_MODELS = "django.db.models.signals"
