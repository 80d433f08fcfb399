from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from tests.databases.server import find_programs, running_server

from .project.models import Call
from .servers import Redis

ENGINE = settings.SETTINGS_MODULE.rpartition(".")[2]
WORKERS = {
    "sqlite": ["django", "db_worker", "--interval=0.1", "--no-startup-delay"],
    "celery": ["celery", "--app=tests.engines.project.celery", "worker", "-c1"],
    "huey": ["django", "run_huey", "--workers=1"],
}
WORKERS["postgresql"] = WORKERS["sqlite"]
WORKERS["celery_acks_late"] = WORKERS["celery"]


def only(*engines):
    """
    Decorate a test of some engines.
    """

    def decorate(function):
        function.engines = engines
        return function

    return decorate


def pytest_collection_modifyitems(items):
    # They aren't skipped, which would say that something is missing.
    items[:] = [
        each for each in items if ENGINE in getattr(each.obj, "engines", {ENGINE})
    ]


def wait_until(condition, seconds=60):
    """
    Wait for the worker.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the worker took too long"
        time.sleep(0.02)


def calls(receiver):
    """
    Return the numbers that a receiver has been called with.
    """
    rows = Call.objects.filter(receiver=receiver).order_by("id")
    return list(rows.values_list("number", flat=True))


class Worker:
    """
    A worker process of this engine.
    """

    def __init__(self) -> None:
        self.process = None

    def start(self) -> None:
        if ENGINE == "immediate":
            return
        log = Path(settings.FOLDER) / "worker.log"
        with log.open("a") as output:
            # Celery has further processes.
            self.process = subprocess.Popen(
                [sys.executable, "-m", *WORKERS[ENGINE]],
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE},
            )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@pytest.fixture
def worker(server, transactional_db):
    worker = Worker()
    yield worker
    if worker.process is not None:
        worker.kill()
    if server is not None:
        server.clear()


@pytest.fixture(scope="session")
def folder():
    yield settings.FOLDER
    shutil.rmtree(settings.FOLDER)


@pytest.fixture(scope="session")
def server(folder):
    """
    The server that the engine needs, or None.
    """
    port = int(settings.PORT)
    if ENGINE == "postgresql":
        programs = need(find_programs(), "PostgreSQL", "postgresql")
        with running_server(programs, port):
            yield None
    elif ENGINE.startswith("celery"):
        program = need(shutil.which("redis-server"), "Redis", "redis-server")
        redis = Redis(program, port, folder)
        redis.start()
        yield redis
        redis.stop()
    else:
        yield None


def need(program, name, package):
    if program is None:
        reason = (
            f"there is no {name} on this machine to run receivers in the background "
            f"with (Debian: apt install {package})"
        )
        if os.environ.get(f"SIGNALTOOLS_NEEDS_{name.upper()}") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.fixture(scope="session")
def django_db_setup(server, django_db_blocker):
    """
    Make the tables in the database itself, because workers use the same one.
    """
    with django_db_blocker.unblock():
        call_command("migrate", run_syncdb=True, verbosity=0)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
