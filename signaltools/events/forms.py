"""
The forms of values that have several parts in JSON, or are one of several choices.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..introspect.objects import class_namespace, is_a, short_name
from ..introspect.text import stable_repr
from .scalars import Form, Schema, WrongValue, wrong


class Nullable(NamedTuple):
    """
    A value or None.
    """

    form: Form

    @property
    def schema(self) -> Schema:
        return {"anyOf": [self.form.schema, {"type": "null"}]}

    def write(self, value: Any) -> Any:
        return None if value is None else self.form.write(value)

    def read(self, data: Any) -> Any:
        return None if data is None else self.form.read(data)


class Choice(NamedTuple):
    """
    One of the values of ``Literal[...]``.
    """

    values: tuple[Any, ...]

    @property
    def schema(self) -> Schema:
        return {"enum": [_literal_in_json(each) for each in self.values]}

    def write(self, value: Any) -> Any:
        return _literal_in_json(self._find(value, lambda each: each))

    def read(self, data: Any) -> Any:
        return self._find(data, _literal_in_json)

    def _find(self, value: Any, form: Callable[[Any], Any]) -> Any:
        # By type as well, because True equals 1.
        for each in self.values:
            if type(form(each)) is type(value) and form(each) == value:
                return each
        allowed = ", ".join(map(stable_repr, self.values))
        raise wrong(value, f"one of {allowed}")


def _literal_in_json(value: Any) -> Any:
    return value.name if is_a(value, enum.Enum) else value


class Member(NamedTuple):
    """
    A member of an enumeration, by its name.
    """

    cls: type[enum.Enum]

    @property
    def schema(self) -> Schema:
        return {"enum": list(class_namespace(self.cls)["_member_names_"])}

    def write(self, value: Any) -> Any:
        if not is_a(value, self.cls):
            raise wrong(value, short_name(self.cls))
        return value.name

    def read(self, data: Any) -> Any:
        member = self.cls.__members__.get(data) if type(data) is str else None
        if member is None:
            raise wrong(data, short_name(self.cls))
        return member


class Items(NamedTuple):
    """
    Any number of items of the same type, in a list, a set, or a tuple.
    """

    cls: Any
    item: Form

    @property
    def schema(self) -> Schema:
        unique = {"uniqueItems": True} if self.cls in (set, frozenset) else {}
        return {"type": "array", "items": self.item.schema, **unique}

    def write(self, value: Any) -> Any:
        if not isinstance(value, self.cls):
            raise wrong(value, self.cls.__name__)
        return [self.item.write(each) for each in value]

    def read(self, data: Any) -> Any:
        if type(data) is not list:
            raise wrong(data, self.cls.__name__)
        return self.cls(self.item.read(each) for each in data)


class Row(NamedTuple):
    """
    A tuple of a fixed length.
    """

    items: tuple[Form, ...]

    @property
    def schema(self) -> Schema:
        return array_schema([item.schema for item in self.items])

    def write(self, value: Any) -> Any:
        return [form.write(each) for form, each in self._pairs(tuple, value)]

    def read(self, data: Any) -> Any:
        return tuple(form.read(each) for form, each in self._pairs(list, data))

    def _pairs(self, cls: Any, value: Any) -> Iterable[tuple[Form, Any]]:
        if not isinstance(value, cls) or len(value) != len(self.items):
            raise wrong(value, f"a tuple of {len(self.items)}")
        return zip(self.items, value, strict=True)


class Values(NamedTuple):
    """
    A dict with strings as keys.
    """

    value: Form

    @property
    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.value.schema}

    def write(self, value: Any) -> Any:
        return self._convert(value, self.value.write)

    def read(self, data: Any) -> Any:
        return self._convert(data, self.value.read)

    def _convert(self, value: Any, convert: Callable[[Any], Any]) -> Any:
        if not is_a(value, dict):
            raise wrong(value, "dict")
        if not all(is_a(key, str) for key in value):
            raise WrongValue("one of its keys isn't a string")
        return {str(key): convert(each) for key, each in value.items()}


class Fields(NamedTuple):
    """
    A dataclass or a named tuple, by the names of its fields.
    """

    cls: type
    fields: Mapping[str, Form]

    @property
    def schema(self) -> Schema:
        properties = {name: form.schema for name, form in self.fields.items()}
        return object_schema(properties, properties)

    def write(self, value: Any) -> Any:
        # A subclass may have further fields, which would be lost.
        if type(value) is not self.cls:
            raise wrong(value, short_name(self.cls))
        return {
            name: form.write(getattr(value, name)) for name, form in self.fields.items()
        }

    def read(self, data: Any) -> Any:
        if type(data) is not dict or data.keys() != self.fields.keys():
            raise wrong(data, short_name(self.cls))
        values = {name: form.read(data[name]) for name, form in self.fields.items()}
        try:
            return self.cls(**values)
        except Exception as error:
            # Its __post_init__() may refuse values.
            raise wrong(data, short_name(self.cls)) from error


def array_schema(items: list[Schema]) -> Schema:
    # The metaschema doesn't allow an empty prefixItems.
    first = {"prefixItems": items} if items else {}
    return {"type": "array", **first, "items": False, "minItems": len(items)}


def object_schema(properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
