"""
List the signals that Django ships.
"""

from __future__ import annotations

import django

# By whom each signal is sent: "model" (any model class), "saved model" (not one that
# Django made for a many-to-many field), "through" (the model of such a field), "user"
# (the user model), else the sender_kind of the inventory.
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
