from __future__ import annotations

import datetime
import enum
import json
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from signaltools.events.codec import find_form
from tests.testapp.models import Order

PAGE = Path(__file__).parents[2] / "docs/background.md"


class Color(enum.Enum):
    RED = object()


@dataclass
class Parcel:
    weight: int


def rows():
    """
    Yield each annotation of the table in the docs, a value, and its JSON.
    """
    section = PAGE.read_text(encoding="utf-8").partition("\n## What a message holds\n")
    table = section[2].partition("\n## ")[0]
    code = r"`((?:[^`|]|\\\|)+)`"
    row = rf"^\| {code}(?:, (?:{code}|an? [^|]+))? \| {code} \| {code} \|$"
    for annotation, other, value, data in re.findall(row, table, re.MULTILINE):
        for each in filter(None, (annotation, other)):
            yield each.replace("\\", ""), value, data


@pytest.mark.django_db
def test_the_docs_show_how_values_are_written():
    # The types that annotations and values name.
    scope = {
        "Color": Color,
        "Decimal": Decimal,
        "Literal": Literal,
        "Order": Order,
        "Parcel": Parcel,
        "datetime": datetime,
        "order": Order.objects.create(pk=7),
        "uuid": uuid,
    }
    shown = [*rows()]
    for annotation, value, data in shown:
        form = find_form(annotation, scope)
        example = eval(value, scope)
        if annotation.startswith("frozenset"):
            example = frozenset(example)
        data = json.loads(data.replace("shop.", "testapp."))
        assert json.loads(json.dumps(form.write(example))) == data, annotation
        assert form.read(data) == example, annotation
    assert len(shown) == 23
