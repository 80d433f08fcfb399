from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.db import connections

from .server import find_programs, free_port, running_server


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """
    Start a server, if these settings need one, before databases are created.
    """
    if settings.SETTINGS_MODULE != "tests.databases.postgresql":
        yield
        return
    programs = find_programs()
    if programs is None:
        reason = (
            "there is no PostgreSQL on this machine to test send_on_commit() on "
            "(Debian: apt install postgresql)"
        )
        if os.environ.get("SIGNALTOOLS_NEEDS_POSTGRESQL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    port = free_port()
    with running_server(programs, port):
        for connection in connections.all():
            connection.settings_dict["PORT"] = port
        yield
