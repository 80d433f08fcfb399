"""
A pytest plugin that makes hashing passwords fast if the settings choose no hasher.
"""

from __future__ import annotations

from django.conf import global_settings

global_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
