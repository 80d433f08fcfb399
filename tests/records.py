"""
Build records of the inventory by hand: one line for what a test is about.
"""

from __future__ import annotations

from typing import Any

from signaltools.inventory import ReceiverRecord, SignalRecord


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


def builtin(name: str, *receivers: ReceiverRecord, **changes: Any) -> SignalRecord:
    place = {"kind": "builtin", "component": "django", "app": None, "file": None}
    return signal(f"django.{name}", *receivers, **{**place, "line": None, **changes})
