"""
Hide what Django's exception reports hide because of its name.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from django.conf import settings
from django.db.models import Model
from django.views.debug import SafeExceptionReporterFilter

from ..introspect.objects import class_attribute, exact, is_a

SUBSTITUTE = SafeExceptionReporterFilter.cleansed_substitute
_DEFAULT: re.Pattern[str] = SafeExceptionReporterFilter.hidden_settings


def is_secret(*names: str) -> bool:
    """
    Return whether exception reports hide a value with one of these names.
    """
    pattern = _hidden_names()
    return any(pattern.search(name) for name in names)


def has_secret_key(model: type[Model], field: str) -> bool:
    """
    Return whether ``field`` of the primary key of ``model`` may hold a secret.

    The key of a child is that of its parent, and that of a ``OneToOneField`` is the key
    of the model that it refers to.
    """
    passed: list[type[Model]] = []
    while model not in passed:
        passed.append(model)
        if is_secret(field, model.__name__):
            return True
        target = model._meta.get_field(field).remote_field
        if target is None or not issubclass(type(target.model), type(Model)):
            return False
        found = getattr(target, "field_name", None) or target.model._meta.pk.name
        model, field = target.model, found
    return False


def cleansed(text: str) -> str:
    """
    Hide the values in ``text`` that follow such a name, as in "token=8a85".
    """
    return _values_after(_hidden_names()).sub(rf"\1{SUBSTITUTE}", text)


def _hidden_names() -> re.Pattern[str]:
    # Nothing is imported or instantiated for this: that would run code of the project
    # while a signal is sent. A filter of the project is read once its module is loaded.
    path = getattr(settings, "DEFAULT_EXCEPTION_REPORTER_FILTER", None)
    if not is_a(path, str):
        return _DEFAULT
    module, _, name = exact(path).rpartition(".")
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    if not is_a(found, type):
        return _DEFAULT
    pattern = class_attribute(found, "hidden_settings")
    if type(pattern) is re.Pattern and type(pattern.pattern) is str:
        return pattern
    return _DEFAULT


@lru_cache(maxsize=8)
def _values_after(names: re.Pattern[str]) -> re.Pattern[str]:
    name = rf"(?<![\w.-])[\w.-]*(?:{names.pattern})[\w.-]*"
    # PostgreSQL writes "Key (token)=(8a85) already exists."
    before = rf"""{name}["')\]]*\s*=(?!=)\s*|["']{name}["']\s*:\s*"""
    # Prose has colons, too: "invalid token: expected a string", "KeyError: 'a1'".
    before += rf"|{name}(?<!Error)\s*:\s+(?=[^\s,;&]*\d)(?=[^\s,;&]{{4}})"
    value = r""""[^"]*"?|'[^']*'?|\([^)]*\)?|[^\s,;&]+"""
    try:
        return re.compile(f"({before})(?:{value})", names.flags)
    except re.error:
        # Some patterns can't be a part of another one: "(?i)token", for example.
        return _values_after(_DEFAULT)
