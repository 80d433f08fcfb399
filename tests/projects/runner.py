"""
Print the truth about one process of a project as JSON.

    python runner.py command        and what `list_signals` prints in the same process
    python runner.py serve PATH     after one request was served
    python runner.py check          and what the system checks have changed
"""

import gc
import json
import sys
from io import StringIO
from wsgiref.util import setup_testing_defaults

from truth import Ledger, describe, signals_on_the_heap


def set_up(command):
    import django

    # So that connections are watched.
    sys.argv[1:] = [command]
    django.setup()


def run_command():
    from django.core.management import call_command

    set_up("list_signals")
    stdout = StringIO()
    gc.collect()
    # Until the truth is read, only what loses its last reference may die.
    gc.disable()
    call_command("list_signals", "--format", "json", "--all", stdout=stdout)
    return {
        "command": json.loads(stdout.getvalue()),
        "database_opened": database_opened(),
    }


def run_check():
    from django.core.checks import run_checks

    set_up("check")
    first = list_signals()
    gc.collect()
    before = everything()
    run_checks(tags=["signals"])
    gc.collect()
    return {
        "changed": everything() != before or list_signals() != first,
        "database_opened": database_opened(),
    }


def list_signals():
    from django.core.management import call_command

    stdout = StringIO()
    call_command("list_signals", "--format", "json", "--all", stdout=stdout)
    return stdout.getvalue()


def everything():
    """Return the loaded modules, and the rows of all signals by identity."""
    rows = {
        id(signal): (
            id(signal.receivers),
            [tuple(map(id, r)) for r in signal.receivers],
        )
        for signal in signals_on_the_heap()
    }
    return rows, list(sys.modules)


def serve(path):
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    environ = {"HTTP_HOST": "localhost", "PATH_INFO": path, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    answers = []
    response = application(environ, lambda status, headers: answers.append(status))
    body = b"".join(response).decode()
    response.close()
    gc.collect()
    return {"status": answers[0], "body": body}


def database_opened():
    from django.db import connections

    return any(c.connection is not None for c in connections.all(initialized_only=True))


def main(mode, *arguments):
    ledger = Ledger()
    ledger.install()
    modes = {"command": run_command, "serve": serve, "check": run_check}
    result = modes[mode](*arguments)
    json.dump({**result, "truth": describe(ledger)}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
