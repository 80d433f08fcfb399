"""
List Django's built-in signals, their senders, and their arguments.
"""

from __future__ import annotations

import django

_SAVE = ("instance", "raw", "using", "update_fields")
_DELETE = ("instance", "using", "origin")
_M2M = ("action", "instance", "reverse", "model", "pk_set", "using")
_MIGRATE = (
    *("app_config", "verbosity", "interactive", "using"),
    *("plan", "apps", "stdout"),
)

# The sender and the arguments of each signal. Some arguments aren't sent every time.
#
# The sender is "model" (any model class), "saved model" (not one that Django created
# for a many-to-many field), "through" (the model of such a field), "user" (the user
# model), "none" (sent with sender=None), or the sender_kind of a ReceiverRecord.
#
# These facts are only in Django's documentation and in its calls of send(). A test
# compares this table with what Django really sends.
_SIGNALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "django.contrib.auth.signals.user_logged_in": ("user", ("request", "user")),
    "django.contrib.auth.signals.user_logged_out": ("user", ("request", "user")),
    "django.contrib.auth.signals.user_login_failed": (
        "instance",
        ("credentials", "request"),
    ),
    "django.core.signals.got_request_exception": ("none", ("request",)),
    "django.core.signals.request_finished": ("class", ()),
    "django.core.signals.request_started": ("class", ("environ", "scope")),
    "django.core.signals.setting_changed": ("class", ("setting", "value", "enter")),
    "django.db.backends.signals.connection_created": ("class", ("connection",)),
    "django.db.models.signals.class_prepared": ("model", ()),
    "django.db.models.signals.m2m_changed": ("through", _M2M),
    "django.db.models.signals.post_delete": ("saved model", _DELETE),
    "django.db.models.signals.post_init": ("model", ("instance",)),
    "django.db.models.signals.post_migrate": ("app_config", _MIGRATE),
    "django.db.models.signals.post_save": ("saved model", (*_SAVE, "created")),
    "django.db.models.signals.pre_delete": ("saved model", _DELETE),
    "django.db.models.signals.pre_init": ("model", ("args", "kwargs")),
    "django.db.models.signals.pre_migrate": ("app_config", _MIGRATE),
    "django.db.models.signals.pre_save": ("saved model", _SAVE),
    "django.test.signals.template_rendered": ("instance", ("template", "context")),
    "django.utils.autoreload.autoreload_started": ("instance", ()),
    "django.utils.autoreload.file_changed": ("instance", ("file_path",)),
}

if django.VERSION >= (6, 0):
    _SIGNALS |= {
        f"django.tasks.signals.task_{event}": ("class", ("task_result",))
        for event in ("enqueued", "finished", "started")
    }

if django.VERSION >= (6, 1):
    _SIGNALS["django.db.models.signals.m2m_changed"] = "through", (*_M2M, "raw")

BUILTIN_SIGNALS = {name: sender for name, (sender, _) in _SIGNALS.items()}
BUILTIN_ARGUMENTS = {name: arguments for name, (_, arguments) in _SIGNALS.items()}
