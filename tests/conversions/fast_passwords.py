"""
A plugin for pytest: hash passwords in no time, unless the settings say how.
"""

from __future__ import annotations

from django.conf import global_settings

global_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
