"""
Run each block of Python by itself, as if it were pasted into a fresh shell.

Reads ``[[language, code], ...]`` from the standard input as JSON, and writes what each
of them printed, tracebacks too. Django starts once; each block runs in a fork of the
process, with a fresh copy of the database.
"""

from __future__ import annotations

import doctest
import json
import os
import shutil
import sys
import tempfile
import traceback

import django


def main():
    django.setup()
    json.dump([output_of(*block) for block in json.load(sys.stdin)], sys.stdout)


def output_of(language, code):
    shutil.copy("demo.sqlite3", "db.sqlite3")
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            # Not what the parent has read and written before.
            sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8")
            try:
                run(language, code)
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        output.seek(0)
        return output.read().decode()


def run(language, code):
    names = {"__name__": "__console__"}
    if language == "pycon":
        session = doctest.DocTestParser().get_doctest(code, names, "page", None, 0)
        doctest.DocTestRunner(verbose=False).run(session)
    else:
        # As the shell has it: a class that is defined there has a module.
        sys.modules["__console__"] = module = type(sys)("__console__")
        exec(compile(code, "<page>", "exec"), vars(module))


main()
