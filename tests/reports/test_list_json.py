from __future__ import annotations

import json
from pathlib import Path

import django
import jsonschema
import pytest
from django.core.files.storage import FileSystemStorage
from django.core.signals import setting_changed

import signaltools.reports
from signaltools.events.background import Background
from signaltools.events.codec import EventSchema
from signaltools.inventory.model_signals import ModelSignals
from signaltools.inventory.reading import not_imported
from signaltools.inventory.records import Problem
from signaltools.reports.list_json import render_json, render_model_json
from tests.records import (
    builtin,
    model,
    read_notes,
    read_records,
    receiver,
    sent_by,
    signal,
)

SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("list_signals.schema.json")
    .read_text(encoding="utf-8")
)

MODEL_SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("model.schema.json")
    .read_text(encoding="utf-8")
)

STORAGE = receiver("shop.storage.Storage.clear", storage=True, order=2)
PAID = signal(
    "shop.signals.order_paid",
    receiver(
        "crm.receivers.Crm.notify_sales",
        module="crm.receivers",
        qualname="Crm.notify_sales",
        sender="django.apps.config.AppConfig",
        sender_kind="app_config",
        sender_app="shop",
        background=Background("default", "mail", True),
        dispatch_uid="crm-sales",
        weak=False,
        is_async=True,
        order=None,
        triggers=("stock.signals.reserved",),
    ),
    STORAGE,
    doc="Sent once.\nNever twice.",
    aliases=("shop.models.order_paid", "shop.views.order_paid"),
    sent_by=(sent_by("shop.services.pay", line=67),),
)
ABSENT = builtin("test.signals.template_rendered", imported=False, class_name=None)


def validate(document):
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def is_valid(document):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


FINDING = Problem(
    "W012",
    "crm.receivers.Crm.notify_sales",
    "It does not accept **kwargs.",
    "Add **kwargs.",
    "shop.signals.order_paid",
    0,
)


PROBLEM = {
    "id": "W012",
    "name": "crm.receivers.Crm.notify_sales",
    "message": "It does not accept **kwargs.",
    "hint": "Add **kwargs.",
    "signal": "shop.signals.order_paid",
    "unconnected": [],
}


def test_every_field_of_the_records_is_in_the_document():
    document = json.loads(render_json([PAID, ABSENT], ["A note."], [FINDING]))
    assert document == {
        "version": 1,
        "django": django.get_version(),
        "notes": ["A note."],
        "problems": [PROBLEM],
        "signals": [
            {
                "name": "shop.signals.order_paid",
                "kind": "custom",
                "class": "django.dispatch.dispatcher.Signal",
                "app": "shop",
                "imported": True,
                "file": "/srv/site/shop/signals.py",
                "line": 3,
                "doc": "Sent once.\nNever twice.",
                "label": None,
                "version": None,
                "signature": None,
                "arguments": None,
                "schema": None,
                "schema_problems": None,
                "aliases": ["shop.models.order_paid", "shop.views.order_paid"],
                "receivers": [
                    {
                        "name": "crm.receivers.Crm.notify_sales",
                        "module": "crm.receivers",
                        "qualname": "Crm.notify_sales",
                        "app": "crm",
                        "component": "project",
                        "file": "/srv/site/crm/receivers/Crm.py",
                        "line": 12,
                        "sender": "django.apps.config.AppConfig",
                        "sender_kind": "app_config",
                        "sender_app": "shop",
                        "dispatch_uid": "crm-sales",
                        "weak": False,
                        "async": True,
                        "order": None,
                        "background": {
                            "backend": "default",
                            "queue": "mail",
                            "on_commit": True,
                        },
                        "problems": [],
                    }
                ],
                "sent_by": [
                    {
                        "function": "shop.services.pay",
                        "method": "send",
                        "file": "/srv/site/shop/services.py",
                        "line": 67,
                    }
                ],
                "triggers": [
                    {
                        "receiver": "crm.receivers.Crm.notify_sales",
                        "signal": "stock.signals.reserved",
                    }
                ],
            },
            {
                "name": "django.test.signals.template_rendered",
                "kind": "builtin",
                "class": None,
                "app": None,
                "imported": False,
                "file": None,
                "line": None,
                "doc": "",
                "label": None,
                "version": None,
                "signature": None,
                "arguments": None,
                "schema": None,
                "schema_problems": None,
                "aliases": [],
                "receivers": [],
                "sent_by": [],
                "triggers": [],
            },
        ],
    }
    validate(document)


def test_schemas_of_events_are_in_the_document():
    schemas = {
        PAID.name: EventSchema({"type": "object"}, {}),
        ABSENT.name: EventSchema(None, {"more": "It allows every type."}),
    }

    document = json.loads(render_json([PAID, ABSENT], [], schemas=schemas))

    validate(document)
    assert [
        (each["schema"], each["schema_problems"]) for each in document["signals"]
    ] == [
        ({"type": "object"}, {}),
        (None, {"more": "It allows every type."}),
    ]


def test_an_empty_document_is_valid():
    document = json.loads(render_json([], []))
    assert document["signals"] == document["notes"] == []
    validate(document)


def test_methods_of_storage_objects_are_left_out_unless_asked_for():
    def receivers(**options):
        document = json.loads(render_json([PAID], [], **options))
        return [(r["name"], r["order"]) for r in document["signals"][0]["receivers"]]

    notify = ("crm.receivers.Crm.notify_sales", None)
    assert receivers() == receivers(with_storage=False) == [notify]
    assert receivers(with_storage=True) == [notify, ("shop.storage.Storage.clear", 2)]


def test_hostile_names_survive_in_ascii():
    name = 'shop."\x1b[31m\n\u202e\udc80é\\.paid'
    text = render_json([signal(name, receiver(name))], [name])
    document = json.loads(text)
    assert text.isascii()
    assert document["signals"][0]["name"] == name
    assert document["signals"][0]["receivers"][0]["name"] == name
    assert document["notes"] == [name]
    validate(document)


def test_a_document_ends_in_one_newline():
    assert render_json([PAID], []).endswith("}\n")


# --- the schema tells wrong documents -----------------------------------------------


def changed(**changes):
    """
    Return a document whose only receiver has other values.
    """
    document = json.loads(render_json([PAID], []))
    document["signals"][0]["receivers"][0].update(changes)
    return document


def parts(document):
    yield document
    yield document["signals"][0]
    yield document["signals"][0]["receivers"][0]


@pytest.mark.parametrize("depth", range(3))
def test_every_key_is_required_and_no_other_is_allowed(depth):
    document = json.loads(render_json([PAID], []))
    part = list(parts(document))[depth]
    for key in list(part):
        value = part.pop(key)
        assert not is_valid(document), key
        part[key] = value
    assert is_valid(document)
    part["another"] = None
    assert not is_valid(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"component": "stdlib"},
        {"sender_kind": "function"},
        {"order": 0},
        {"order": "1"},
        {"line": -1},
        {"weak": None},
        {"async": 1},
        {"dispatch_uid": 7},
        {"problems": None},
        {"name": None},
    ],
)
def test_the_schema_refuses_wrong_values(changes):
    assert is_valid(changed())
    assert not is_valid(changed(**changes))


# --- the whole project --------------------------------------------------------------


@pytest.fixture
def storage():
    storage = FileSystemStorage()
    yield storage
    setting_changed.disconnect(storage._clear_cached_properties)


@pytest.mark.parametrize("with_storage", [True, False])
def test_the_whole_inventory_is_valid(storage, with_storage):
    signals = read_records()
    signals += not_imported(signals)
    arguments = signals, read_notes(), [FINDING]
    text = render_json(*arguments, with_storage=with_storage)
    document = json.loads(text)
    validate(document)
    assert [s["name"] for s in document["signals"]] == [s.name for s in signals]
    methods = text.count("FileSystemStorage._clear_cached_properties")
    assert (methods > 0) is with_storage
    assert render_json(*arguments, with_storage=with_storage) == text


# --- what runs for a model ----------------------------------------------------------


def model_document(found):
    document = json.loads(render_model_json(found, ["A note."], [FINDING]))
    jsonschema.Draft202012Validator(MODEL_SCHEMA).validate(document)
    return document


def test_a_receiver_of_a_model_is_one_of_the_list():
    jsonschema.Draft202012Validator.check_schema(MODEL_SCHEMA)
    assert MODEL_SCHEMA["$defs"]["receiver"] == SCHEMA["$defs"]["receiver"]


MODELS = "django.db.models.signals"


def test_every_field_of_a_model_is_in_the_document():
    document = model_document(model())
    receivers = [step.pop("receivers") for step in document["steps"]]
    assert [step.pop("triggers") for step in document["steps"]] == [
        [],
        [{"receiver": "shop.search.index_order", "signal": "shop.signals.indexed"}],
        [],
        [],
        [],
    ]
    unrelated = [each.pop("receiver")["name"] for each in document["unrelated"]]
    assert document == {
        "version": 1,
        "django": django.get_version(),
        "notes": ["A note."],
        "problems": [PROBLEM],
        "model": "shop.Order",
        "never_saved": None,
        "steps": [
            {
                "action": action,
                "signal": signal,
                "sender": sender,
                "note": note,
                "decided_by": None,
            }
            for action, signal, sender, note in [
                ("save()", f"{MODELS}.pre_save", "shop.Order", None),
                ("save()", f"{MODELS}.post_save", "shop.Order", None),
                ("delete()", f"{MODELS}.post_delete", "shop.Order", None),
                ("delete()", f"{MODELS}.post_delete", "shop.Parent", "as well"),
                (
                    "tags.add(), remove(), set(), clear()",
                    f"{MODELS}.m2m_changed",
                    "shop.Line",
                    "before and after",
                ),
            ]
        ],
        "cascades": ["shop.Line", "shop.Gift"],
        "unrelated": [
            {
                "signal": f"{MODELS}.post_save",
                "reason": "parent: Django compares senders exactly",
            }
        ],
        "never": ["QuerySet.update(), bulk_create(), bulk_update(), raw SQL"],
        "unseen": [],
    }
    assert [[each["name"] for each in part] for part in receivers] == [
        [],
        ["shop.search.index_order", "audit.log.record", "push.ws.broadcast"],
        ["audit.log.record"],
        ["audit.log.record"],
        ["shop.search.retag"],
    ]
    assert unrelated == ["billing.sync.on_base"]


def test_a_model_that_is_never_saved_is_valid():
    found = ModelSignals("shop.Base", "it is abstract", (), (), (), ())
    assert model_document(found)["never_saved"] == "it is abstract"
