"""
List Django's built-in signals, their senders, and their arguments.
"""

from __future__ import annotations

import django

# The sender of each signal: "model" (any model class), "saved model" (not one that
# Django created for a many-to-many field), "through" (the model of such a field),
# "user" (the user model), "nobody" (None), or the sender_kind of a ReceiverRecord.
# Written down, because Django has these facts only in its documentation. A test
# compares them with what Django really sends.
BUILTIN_SIGNALS: dict[str, str] = {
    "django.contrib.auth.signals.user_logged_in": "user",
    "django.contrib.auth.signals.user_logged_out": "user",
    "django.contrib.auth.signals.user_login_failed": "instance",
    "django.core.signals.got_request_exception": "nobody",
    "django.core.signals.request_finished": "class",
    "django.core.signals.request_started": "class",
    "django.core.signals.setting_changed": "class",
    "django.db.backends.signals.connection_created": "class",
    "django.db.models.signals.class_prepared": "model",
    "django.db.models.signals.m2m_changed": "through",
    "django.db.models.signals.post_delete": "saved model",
    "django.db.models.signals.post_init": "model",
    "django.db.models.signals.post_migrate": "app_config",
    "django.db.models.signals.post_save": "saved model",
    "django.db.models.signals.pre_delete": "saved model",
    "django.db.models.signals.pre_init": "model",
    "django.db.models.signals.pre_migrate": "app_config",
    "django.db.models.signals.pre_save": "saved model",
    "django.test.signals.template_rendered": "instance",
    "django.utils.autoreload.autoreload_started": "instance",
    "django.utils.autoreload.file_changed": "instance",
}

if django.VERSION >= (6, 0):
    BUILTIN_SIGNALS |= {
        "django.tasks.signals.task_enqueued": "class",
        "django.tasks.signals.task_finished": "class",
        "django.tasks.signals.task_started": "class",
    }

_SAVE = ("instance", "raw", "using", "update_fields")
_DELETE = ("instance", "using", "origin")
_MIGRATE = (
    *("app_config", "verbosity", "interactive", "using"),
    *("plan", "apps", "stdout"),
)
_M2M = ("action", "instance", "reverse", "model", "pk_set", "using")

# The arguments of each signal besides its sender. Some are not sent every time.
BUILTIN_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "django.contrib.auth.signals.user_logged_in": ("request", "user"),
    "django.contrib.auth.signals.user_logged_out": ("request", "user"),
    "django.contrib.auth.signals.user_login_failed": ("credentials", "request"),
    "django.core.signals.got_request_exception": ("request",),
    "django.core.signals.request_finished": (),
    "django.core.signals.request_started": ("environ", "scope"),
    "django.core.signals.setting_changed": ("setting", "value", "enter"),
    "django.db.backends.signals.connection_created": ("connection",),
    "django.db.models.signals.class_prepared": (),
    "django.db.models.signals.m2m_changed": _M2M,
    "django.db.models.signals.post_delete": _DELETE,
    "django.db.models.signals.post_init": ("instance",),
    "django.db.models.signals.post_migrate": _MIGRATE,
    "django.db.models.signals.post_save": (*_SAVE, "created"),
    "django.db.models.signals.pre_delete": _DELETE,
    "django.db.models.signals.pre_init": ("args", "kwargs"),
    "django.db.models.signals.pre_migrate": _MIGRATE,
    "django.db.models.signals.pre_save": _SAVE,
    "django.tasks.signals.task_enqueued": ("task_result",),
    "django.tasks.signals.task_finished": ("task_result",),
    "django.tasks.signals.task_started": ("task_result",),
    "django.test.signals.template_rendered": ("template", "context"),
    "django.utils.autoreload.autoreload_started": (),
    "django.utils.autoreload.file_changed": ("file_path",),
}

if django.VERSION >= (6, 1):
    BUILTIN_ARGUMENTS["django.db.models.signals.m2m_changed"] = (*_M2M, "raw")
