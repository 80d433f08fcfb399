"""
Print the truth about one process of a project as JSON.

    python runner.py command        and what `list_signals` prints in the same process
    python runner.py serve PATH     after one request was served
"""

import gc
import json
import sys
from io import StringIO
from wsgiref.util import setup_testing_defaults

from truth import Ledger, describe


def run_command():
    import django
    from django.core.management import call_command

    django.setup()
    stdout = StringIO()
    gc.collect()
    # Until the truth is read, only what loses its last reference may die.
    gc.disable()
    call_command("list_signals", "--format", "json", "--all", stdout=stdout)
    return {
        "command": json.loads(stdout.getvalue()),
        "database_opened": database_opened(),
    }


def serve(path):
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    environ = {"HTTP_HOST": "localhost", "PATH_INFO": path}
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
    result = {"command": run_command, "serve": serve}[mode](*arguments)
    json.dump({**result, "truth": describe(ledger)}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
