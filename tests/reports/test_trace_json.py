from __future__ import annotations

import json
from pathlib import Path

import django
import jsonschema
import pytest
from django.core.signals import got_request_exception

import signaltools
import signaltools.reports
from signaltools.events.background import Background
from signaltools.recording.not_run import NotRun
from signaltools.recording.remarks import Remark
from signaltools.recording.tree import Tree
from signaltools.reports.trace_json import trace_document
from tests.records import call, receiver, send, totals
from tests.testapp.models import Tag

SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("trace.schema.json")
    .read_text(encoding="utf-8")
)
NESTED = send("shop.saved", call("audit.record"), call("audit.count", order=None))
TREE = Tree(
    (send("shop.paid", call("crm.notify", NESTED), sends=(send("shop.x"),)),),
    (send("shop.many", count=3),),
    totals(sends=6, calls=3),
)
REMARK = Remark("note", "shop.paid", None, "sent inside atomic()", None, None, 2)


def validate(document):
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def document(**changes):
    return {**trace_document(TREE, [REMARK], []), **changes}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_trace_is_json_of_the_schema():
    gone = NotRun("shop.paid", None, "receiver_gone", "it is gone")
    other = NotRun("shop.paid", receiver("crm.x"), "not_sent", "paid wasn't sent")
    made = trace_document(TREE, [REMARK], [gone, other])
    validate(made)
    assert json.loads(json.dumps(made)) == made


def test_a_real_trace_is_json_of_the_schema():
    with signaltools.trace() as trace:
        got_request_exception.send(sender=None, request=None)
    validate(trace.as_dict())
    assert json.loads(json.dumps(trace.as_dict())) == trace.as_dict()
    assert trace.as_dict()["django"] == django.get_version()


@pytest.mark.django_db
def test_values_of_model_signals_are_json():
    with signaltools.trace() as trace:
        tag = Tag.objects.create()
        tag.save(update_fields=["stamp"])
    validate(trace.as_dict())
    values = [
        node["values"]
        for node in trace.as_dict()["nodes"]
        if node.get("signal", "").endswith("post_save")
    ]
    usual = {"raw": False, "using": "default"}
    assert values == [
        {"created": True, **usual, "update_fields": None},
        {"created": False, **usual, "update_fields": ["stamp"]},
    ]


def test_each_node_names_its_parent_and_parents_come_first():
    nodes = document()["nodes"]
    names = [node.get("signal") or node["receiver"] for node in nodes]
    assert names == [
        "shop.paid",
        "crm.notify",
        "shop.saved",
        "audit.record",
        "audit.count",
        "shop.x",
    ]
    assert [node["id"] for node in nodes] == [0, 1, 2, 3, 4, 5]
    assert [node["parent"] for node in nodes] == [None, 0, 1, 2, 2, 0]


def test_the_overflow_has_ids_of_its_own():
    [node] = document()["overflow"]
    assert (node["id"], node["parent"], node["signal"]) == (0, None, "shop.many")


def test_recursion_of_any_depth_is_json():
    tree = send("shop.paid", call("crm.notify"))
    for _ in range(5_000):
        tree = send("shop.paid", call("crm.notify", tree))
    made = trace_document(Tree((tree,), (), totals()), [], [])
    assert len(json.loads(json.dumps(made))["nodes"]) == 10_002


@pytest.mark.parametrize(
    ("node", "changes"),
    [
        (0, {"time": -1}),
        (0, {"extra": 1}),
        (0, {"method": "emit"}),
        (1, {"outcome": "unknown"}),
        (1, {"type": "send"}),
        (1, {"order": 1.5}),
    ],
)
def test_the_schema_refuses_what_a_trace_never_says(node, changes):
    made = document()
    validate(made)
    made["nodes"][node].update(changes)
    with pytest.raises(jsonschema.ValidationError):
        validate(made)


def test_every_part_of_a_document_is_required():
    for name in document():
        made = document()
        del made[name]
        with pytest.raises(jsonschema.ValidationError):
            validate(made)


def test_a_call_that_queued_its_receiver_names_the_backend_and_the_queue():
    queued = call("crm.mail", background=Background("default", "mail", True))
    made = trace_document(Tree((send("shop.paid", queued),), (), totals()), [], [])
    validate(made)
    assert made["nodes"][1]["background"] == {
        "backend": "default",
        "queue": "mail",
        "on_commit": True,
    }
