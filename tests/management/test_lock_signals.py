from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import jsonschema
import pytest
from django.core.management import (
    CommandError,
    call_command,
    execute_from_command_line,
)

from tests.lock.test_diff import SCHEMA
from tests.lock.test_file import HEADER
from tests.sending import forget_unnamed_signals

WriteModule = Callable[[str, str], Path]


class Result(NamedTuple):
    out: str
    error: str = ""
    returncode: int = 0


def run(*args, **options):
    out, err = io.StringIO(), io.StringIO()
    result = Result("")
    try:
        call_command("lock_signals", *args, stdout=out, stderr=err, **options)
    except CommandError as error:
        result = Result("", str(error), error.returncode)
    assert err.getvalue() == ""
    return result._replace(out=out.getvalue())


def lines_of_shop(file):
    """
    Return the lines of ``file`` about signals and receivers of ``locked_shop``.

    Django 5.2 only keeps the id of a sender. That of one that is gone, in a signal of
    another test, may be that of a class of this module, so senders aren't looked at.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "locked_shop" in line.split("  ")[0]]


SHOP = """
    from django.dispatch import Signal

    done = Signal()

    def reserve(**kwargs):
        pass

    def tell_sales(**kwargs):
        pass

    for receiver in (reserve, tell_sales):
        done.connect(receiver)
"""
RESERVE = "locked_shop.done -> locked_shop.reserve  any sender"
TELL_SALES = "locked_shop.done -> locked_shop.tell_sales  any sender"


@pytest.fixture(scope="module", autouse=True)
def no_signals_of_other_tests():
    forget_unnamed_signals()


@pytest.fixture
def shop(import_source):
    return import_source("locked_shop", SHOP)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lock(shop, folder):
    assert run().error == ""
    return folder / "signals.lock"


# --- writing ------------------------------------------------------------------------


def test_file_is_written_to_the_current_folder(shop, folder):
    result = run()

    lock = folder / "signals.lock"
    assert re.fullmatch(
        r"Wrote \d+ connections and \d+ events? to 'signals\.lock'\.\n", result.out
    )
    assert lock.read_bytes().decode().startswith(HEADER)
    assert lines_of_shop(lock) == [RESERVE, TELL_SALES]
    assert (
        "tests.testapp.signals.order_shipped  event=testapp.order_shipped  version=2\n"
        "    sender: type[Order]\n"
        "    note: str | None = None\n"
        "    order: Order\n"
        "    parcels: int = 1\n"
    ) in lock.read_text(encoding="utf-8")
    assert sorted(os.listdir(folder)) == ["locked_shop.py", "signals.lock"]


def test_default_is_next_to_manage_py(shop, folder, monkeypatch):
    (folder / "site").mkdir()
    monkeypatch.setattr(sys, "argv", [os.path.join("site", "manage.py")])

    assert run().out.endswith(f" to {os.path.join('site', 'signals.lock')!r}.\n")
    assert lines_of_shop(folder / "site" / "signals.lock") == [RESERVE, TELL_SALES]


def test_file_may_be_named(shop, folder):
    file = str(folder / "größe.lock")

    assert run(file).out.endswith(f" to {file!r}.\n")
    assert (folder / "größe.lock").read_text(encoding="utf-8").startswith(HEADER)


def test_writing_again_counts_the_changes(shop, lock):
    shop.done.disconnect(shop.reserve)
    shop.done.connect(shop.reserve, weak=False)

    result = run()

    assert result.out.endswith(" to 'signals.lock': 1 added, 1 removed.\n")
    assert lines_of_shop(lock) == [f"{RESERVE}  strong", TELL_SALES]


def test_file_that_is_up_to_date_is_not_touched(lock):
    before = lock.stat()

    result = run()

    assert re.fullmatch(
        r"'signals\.lock' is up to date: \d+ connections and \d+ events?\.\n",
        result.out,
    )
    after = lock.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_file_with_other_line_endings_is_not_touched(lock):
    content = lock.read_bytes().replace(b"\n", b"\r\n")
    lock.write_bytes(content)

    assert "is up to date" in run().out
    assert run(check=True).returncode == 0
    assert lock.read_bytes() == content


def test_order_of_connection_changes_nothing(shop, lock):
    before = lock.read_bytes()
    for receiver in (shop.reserve, shop.tell_sales):
        shop.done.disconnect(receiver)
    for receiver in (shop.tell_sales, shop.reserve):
        shop.done.connect(receiver)
    lock.unlink()

    run()

    assert lock.read_bytes() == before


def test_verbosity_0_prints_no_result(shop, folder):
    assert run(verbosity=0) == Result("")
    assert run(verbosity=0) == Result("")
    assert run(verbosity=0, check=True) == Result("")
    assert (folder / "signals.lock").exists()


def test_empty_file_is_overwritten(shop, folder):
    (folder / "signals.lock").write_bytes(b"\n")

    assert "added" not in run().out
    assert lines_of_shop(folder / "signals.lock") == [RESERVE, TELL_SALES]


def test_mode_of_the_file_stays(shop, lock):
    lock.chmod(0o640)
    shop.done.disconnect(shop.reserve)

    run()

    assert lock.stat().st_mode & 0o777 == 0o640


def test_link_to_the_file_stays(shop, lock, folder):
    (folder / "link.lock").symlink_to("signals.lock")
    shop.done.disconnect(shop.reserve)

    run("link.lock")

    assert (folder / "link.lock").is_symlink()
    assert lines_of_shop(lock) == [TELL_SALES]


def test_all_includes_receivers_in_django(shop, lock):
    line = "\ndjango.db.models.signals.post_migrate -> django.contrib.auth.management."
    assert line not in lock.read_text(encoding="utf-8")

    run("all.lock", all=True)

    text = lock.with_name("all.lock").read_text(encoding="utf-8")
    assert line in text
    assert text.splitlines()[2].endswith(": python manage.py lock_signals --all")


def test_import_adds_what_a_module_connects(write_module, folder):
    write_module("locked_shop", SHOP)
    write_module("locked_worker", "import locked_shop")

    run("--import=locked_worker", "--import=json", "--import=json")

    assert lines_of_shop(folder / "signals.lock") == [RESERVE, TELL_SALES]
    assert (folder / "signals.lock").read_text(encoding="utf-8").splitlines()[2] == (
        "# Do not edit. Written by: "
        "python manage.py lock_signals --import=json --import=locked_worker"
    )


# --- comparing ----------------------------------------------------------------------


def test_check_without_differences_exits_with_0(lock):
    result = run("--check")

    assert result.out.startswith("'signals.lock' is up to date: ")
    assert result[1:] == ("", 0)


def test_check_prints_the_difference_and_how_to_accept_it(shop, lock):
    content = lock.read_bytes()
    shop.done.disconnect(shop.reserve)
    shop.done.connect(shop.reserve, dispatch_uid="shop")

    assert run(check=True) == Result(
        f'--- signals.lock\n+++ this project\n- {RESERVE}\n+ {RESERVE}  uid="shop"\n',
        "This project differs from 'signals.lock'; to accept the changes, run"
        " 'python manage.py lock_signals' and commit the file.",
        1,
    )
    assert lock.read_bytes() == content


def test_check_with_other_options_names_those_of_the_file(shop, lock):
    result = run("signals.lock", "--check", "--all")

    assert (result.error, result.returncode) == (
        "'signals.lock' was written with different options"
        " ('python manage.py lock_signals'); use the same ones.\n"
        "This project differs from 'signals.lock'; to accept the changes, run"
        " 'python manage.py lock_signals signals.lock --all' and commit the file.",
        1,
    )


def test_check_for_tools_prints_json(shop, lock):
    shop.done.disconnect(shop.reserve)

    result = run(check=True, format="json")

    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    [removed] = document.pop("removed")
    assert document == {
        "version": 1,
        "file": "signals.lock",
        "added": [],
        "changes": [],
    }
    assert removed["receiver"] == "locked_shop.reserve"
    assert result.returncode == 1


def test_check_for_tools_prints_json_without_differences_as_well(lock):
    result = run(check=True, format="json", verbosity=0)

    assert json.loads(result.out) == {
        "version": 1,
        "file": "signals.lock",
        "added": [],
        "removed": [],
        "changes": [],
    }
    assert result[1:] == ("", 0)


# --- events -------------------------------------------------------------------------

EVENTS = """
    from signaltools import event

    @event(version={version})
    def paid(sender: object, *, order: str{arguments}):
        pass

    @event
    def refunded(sender: object, *, order: str{arguments}):
        pass

    def send_receipt(sender, by=None, **kwargs):
        pass
"""
ARGUMENT = "The argument 'by' of 'locked_events"


@pytest.fixture
def declare(folder, import_source):
    """
    A function that declares the events of the module ``locked_events``.
    """
    module = import_source("locked_events", "")

    def declare(arguments, version=1):
        source = EVENTS.format(arguments=arguments, version=version)
        exec(dedent(source), vars(module))
        return module

    return declare


def changes_of(result):
    """
    Return the changes that ``--check`` has printed below the diff.
    """
    return [line for line in result.out.splitlines() if not re.match(r"[-+ ] ", line)]


def test_compatible_change_of_an_event_is_named_and_written(declare, folder):
    declare("")
    run()
    declare(", by: str = ''")

    result = run(check=True)

    assert changes_of(result)[2:] == [
        f"Compatible: {ARGUMENT}.paid' was added, with the default ''.",
        f"Compatible: {ARGUMENT}.refunded' was added, with the default ''.",
    ]
    assert result[1:] == (
        "This project differs from 'signals.lock'; to accept the changes, run"
        " 'python manage.py lock_signals' and commit the file.",
        1,
    )
    assert run().out.endswith(" to 'signals.lock': 2 added, 2 removed.\n")
    assert run(check=True).returncode == 0


def test_breaking_change_of_an_event_is_named(declare):
    declare(", by: str")
    run()
    declare("")

    result = run(check=True)

    assert "  locked_events.paid  event=locked_events.paid  version=1\n" in result.out
    assert result.out.count("\n-     by: str\n") == 2
    assert changes_of(result)[2:] == [
        f"Breaking: {ARGUMENT}.{name}' was removed. Senders that pass it fail, and "
        "receivers don't get it. No receiver names 'by'."
        for name in ("paid", "refunded")
    ]
    assert result[1:] == (
        "Declare a new version of 'locked_events.paid' and 'locked_events.refunded', "
        "or undo the breaking changes.\n"
        "This project differs from 'signals.lock'; to accept the changes, run"
        " 'python manage.py lock_signals --force' and commit the file.",
        1,
    )


def test_breaking_change_is_written_only_by_force(declare, folder):
    lock = folder / "events.lock"
    declare(", by: str = ''")
    run("events.lock")
    content = lock.read_bytes()
    module = declare("")
    module.paid.connect(module.send_receipt)

    refused = run("events.lock")

    assert refused == Result(
        "",
        f"Breaking: {ARGUMENT}.paid' was removed. Senders that pass it fail, and "
        "receivers don't get it. These receivers name 'by':\n"
        "  locked_events.send_receipt\n"
        f"Breaking: {ARGUMENT}.refunded' was removed. Senders that pass it fail, and "
        "receivers don't get it. No receiver names 'by'.\n"
        "Declare a new version of 'locked_events.paid' and 'locked_events.refunded', "
        "or undo the breaking changes.\n"
        "'events.lock' wasn't changed; to accept the changes, run"
        " 'python manage.py lock_signals events.lock --force'.",
        1,
    )
    assert lock.read_bytes() == content
    assert run("events.lock", "--force").out.startswith("Wrote ")
    assert "--force" not in lock.read_text(encoding="utf-8")
    assert run("events.lock", "--check").returncode == 0


def test_new_version_of_an_event_is_written(declare, folder):
    declare("")
    run()
    declare("", version=2)

    result = run(check=True)

    assert changes_of(result)[2:] == [
        "New version: 'locked_events.paid' has version 2 instead of 1."
    ]
    assert result.error.startswith("This project differs from 'signals.lock'; ")
    assert run().error == ""


def test_breaking_changes_of_a_package_advise_to_check_its_users(declare, monkeypatch):
    declare(", by: str")
    run()
    declare("")
    monkeypatch.setattr(
        "signaltools.inventory.places.Places.find",
        lambda self, module, file: (None, "third_party", file),
    )

    assert run().error.splitlines()[2:] == [
        "Check the code that uses 'locked_events.paid' and 'locked_events.refunded' "
        "before you accept the breaking changes.",
        "'signals.lock' wasn't changed; to accept the changes, run"
        " 'python manage.py lock_signals --force'.",
    ]


def test_event_that_is_gone_can_not_get_a_version(declare):
    module = declare("")
    module.paid.connect(module.send_receipt)
    run()
    del module.paid

    assert run() == Result(
        "",
        "Breaking: 'locked_events.paid' is no longer declared. These receivers were "
        "connected:\n"
        "  locked_events.send_receipt\n"
        "Check the code that uses 'locked_events.paid' before you accept the breaking "
        "changes.\n"
        "'signals.lock' wasn't changed; to accept the changes, run"
        " 'python manage.py lock_signals --force'.",
        1,
    )


def test_changes_for_tools_have_their_fields(declare):
    declare(", by: str")
    run()
    module = declare(", by: str | None")
    module.paid.connect(module.send_receipt)

    document = json.loads(run(check=True, format="json").out)

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["changes"][0] == {
        "event": "locked_events.paid",
        "kind": "type_widened",
        "compatibility": "breaking",
        "message": f"{ARGUMENT}.paid' allows more types: str | None instead of str. "
        "Receivers may not expect them.",
        "argument": "by",
        "old": "by: str",
        "new": "by: str | None",
        "receivers": ["locked_events.send_receipt"],
    }
    assert [each["event"] for each in document["changes"]] == [
        "locked_events.paid",
        "locked_events.refunded",
    ]
    assert len(document["removed"]) == 2


def test_force_can_not_be_combined_with_check(lock):
    assert run("--check", "--force") == Result(
        "", "--force can't be combined with --check.", 2
    )


# --- what can go wrong --------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
def test_format_without_check_is_a_usage_error(folder, form):
    assert run("--format", form) == Result(
        "", "--format can only be used with --check.", 2
    )
    assert os.listdir(folder) == []


@pytest.mark.parametrize("content", [None, b"", b" \n"])
def test_check_needs_a_file(folder, content):
    if content is not None:
        (folder / "a b.lock").write_bytes(content)

    assert run("a b.lock", "--check") == Result(
        "",
        "'a b.lock' is missing or empty; run"
        """ "python manage.py lock_signals 'a b.lock'" and commit the file.""",
        2,
    )


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"# Read me\n",
            "'signals.lock' wasn't written by lock_signals:"
            " line 1 is '# Read me'; choose another file.",
        ),
        (
            HEADER.encode() + b"<<<<<<< HEAD\n",
            "Line 4 of 'signals.lock' is a conflict marker, '<<<<<<< HEAD';"
            " delete the file and write it again.",
        ),
        (
            HEADER.encode() + b"\xff\n",
            "Line 4 of 'signals.lock' isn't valid UTF-8, '\\udcff';"
            " restore the file, or delete it and write it again.",
        ),
        (
            HEADER.encode().replace(b"format 1", b"format 2"),
            "Line 1 of 'signals.lock' is '# django-signaltools lock file, format 2',"
            " but this version of signaltools only supports format 1;"
            " upgrade signaltools.",
        ),
    ],
)
def test_file_that_cannot_be_read_stays_as_it_is(folder, content, message, check):
    (folder / "signals.lock").write_bytes(content)

    assert run(check=check) == Result("", message, 2)
    assert (folder / "signals.lock").read_bytes() == content


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("special", ["site", "socket", "link"])
def test_folders_and_devices_are_left_alone(folder, special, check):
    (folder / "site").mkdir()
    (folder / "link").symlink_to("socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

        assert run(special, check=check) == Result(
            "", f"{special!r} isn't a regular file; choose another one.", 2
        )

    assert sorted(os.listdir(folder)) == ["link", "site", "socket"]


def test_file_that_the_system_refuses_to_read_is_named(folder):
    (folder / "file").touch()
    file = os.path.join("file", "signals.lock")

    assert run(file) == Result("", f"Cannot read {file!r}: Not a directory.", 2)


def test_file_that_cannot_be_written_is_named(shop, lock, monkeypatch):
    missing = os.path.join("no", "signals.lock")
    message = f"Cannot write {missing!r}: No such file or directory."
    assert run(missing) == Result("", message, 2)

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    content = lock.read_bytes()
    shop.done.disconnect(shop.reserve)
    monkeypatch.setattr("os.replace", refuse)
    assert run() == Result("", "Cannot write 'signals.lock': Permission denied.", 2)
    assert lock.read_bytes() == content
    assert sorted(os.listdir(lock.parent)) == ["locked_shop.py", "signals.lock"]


INCOMPLETE = (
    "The lock file would be incomplete."
    " Fix what is listed above, or use different settings."
)


@pytest.mark.parametrize("check", [True, False])
def test_incomplete_project_is_neither_written_nor_compared(lock, settings, check):
    content = lock.read_bytes()
    settings.ROOT_URLCONF = "no_such_urls"
    settings.MIDDLEWARE = ["no_such_module.Middleware"]

    assert run("--import=no_such\x1b", check=check) == Result(
        "",
        "Could not import module 'no_such\\x1b'"
        r" (ModuleNotFoundError: No module named 'no_such\x1b')."
        "\n"
        "Could not import ROOT_URLCONF 'no_such_urls'"
        " (ModuleNotFoundError: No module named 'no_such_urls').\n"
        "Could not import middleware 'no_such_module.Middleware'"
        " (ModuleNotFoundError: No module named 'no_such_module').\n"
        f"{INCOMPLETE}",
        2,
    )
    assert lock.read_bytes() == content


def test_signal_that_cannot_be_read_makes_the_project_incomplete(shop, folder):
    shop.done.receivers = None

    result = run()

    assert result.error.startswith("The receivers of 'locked_shop.done' could not be ")
    assert result.error.endswith(INCOMPLETE)
    assert (result.returncode, os.listdir(folder)) == (2, ["locked_shop.py"])


# --- other processes ----------------------------------------------------------------

# Connects in an order that depends on the hash seed, with ids in uids, and keeps a
# storage object.
APP = """
    from django.core.files.storage import FileSystemStorage
    from django.db.models.signals import post_save
    from django.dispatch import Signal

    from signaltools import event

    storage = FileSystemStorage()
    done = Signal()

    @event
    def paid(sender, *, amount: int):
        pass

    class Desk:
        def book(self, **kwargs):
            pass

    def audit(**kwargs):
        pass

    async def tell_sales(**kwargs):
        pass

    desks = Desk(), Desk()
    receivers = {"audit": audit, "tell_sales": tell_sales}
    for name in {"audit", "tell_sales"}:
        for signal in {done, post_save, paid}:
            signal.connect(receivers[name])
    for desk in desks:
        done.connect(desk.book)
        done.connect(audit, dispatch_uid=f"{desk!r} {id(desk)}")
        done.connect(audit, dispatch_uid=("audit", id(desk)))
"""
MANAGE = """
    import os
    import sys

    os.environ["DJANGO_SETTINGS_MODULE"] = "app_settings"
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
LOCK = HEADER + (
    "app.signals.done -> app.signals.Desk.book  any sender  x2\n"
    "app.signals.done -> app.signals.audit  any sender\n"
    "app.signals.done -> app.signals.audit  any sender"
    "  uid=\"('audit', int)\"  x2\n"
    "app.signals.done -> app.signals.audit  any sender"
    '  uid="<app.signals.Desk object at 0x…> …"  x2\n'
    "app.signals.done -> app.signals.tell_sales  any sender  async\n"
    "app.signals.paid  event=app.paid  version=1\n"
    "    sender\n"
    "    amount: int\n"
    "app.signals.paid -> app.signals.audit  any sender\n"
    "app.signals.paid -> app.signals.tell_sales  any sender  async\n"
    "django.db.models.signals.post_save -> app.signals.audit  any sender\n"
    "django.db.models.signals.post_save -> app.signals.tell_sales  any sender  async\n"
)


def make_project(folder):
    files = {
        "manage.py": MANAGE,
        "app/__init__.py": "",
        "app/signals.py": APP,
        "app_settings.py": "INSTALLED_APPS = ['app', 'signaltools']",
    }
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source), encoding="utf-8")
    return folder


def manage(folder, *args, **environ):
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "manage.py", "lock_signals", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "ascii", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_two_folders_and_two_processes_write_the_same_bytes(tmp_path):
    for seed in ("1", "2"):
        folder = make_project(tmp_path / f"folder{seed}")

        done = manage(folder, PYTHONHASHSEED=seed)

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Wrote 12 connections and 1 event to 'signals.lock'.\n"
        assert (folder / "signals.lock").read_bytes().decode() == LOCK


def test_differences_are_exit_1_and_printed_to_an_ascii_stdout(tmp_path):
    folder = make_project(tmp_path)
    [line] = [line for line in LOCK.splitlines(keepends=True) if 'uid="<' in line]
    (folder / "signals.lock").write_text(LOCK.replace(line, ""), encoding="utf-8")

    done = manage(folder, "--check")

    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: This project differs from 'signals.lock'; to accept the changes,"
        " run 'python manage.py lock_signals' and commit the file.\n",
    )
    shown = line.replace("…", "...")
    assert done.stdout == f"--- signals.lock\n+++ this project\n+ {shown}"


def test_missing_file_is_exit_2_and_printed_to_stderr(capsys):
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", "lock_signals", "--check"])

    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("CommandError: 'signals.lock' is missing or empty; run ")


DEBUG_ONLY = """
    import gc
    from django.dispatch import Signal

    done = Signal()
    kept = []

    done.connect(lambda **kwargs: None)

    def replaced(**kwargs):
        pass

    done.connect(replaced)

    def replaced(**kwargs):
        pass

    def in_a_list():
        def local(**kwargs):
            pass
        return local

    kept.append(in_a_list())
    done.connect(kept[0])

    class Desk:
        def close(self, **kwargs):
            pass

    desk = Desk()
    done.connect(desk.close)
    done.connect(lambda **kwargs: 1, weak=False)
"""


@pytest.mark.usefixtures("whole_heap")
@pytest.mark.parametrize("debug", [True, False])
def test_the_file_is_the_same_in_debug_mode(debug, settings, import_source, folder):
    settings.DEBUG = debug
    import_source("locked_shop", DEBUG_ONLY)

    assert run().error == ""

    assert lines_of_shop(folder / "signals.lock") == [
        "locked_shop.done -> locked_shop.<lambda>  any sender  strong",
        "locked_shop.done -> locked_shop.Desk.close  any sender",
        "locked_shop.done -> locked_shop.in_a_list.<locals>.local  any sender",
    ]


@pytest.mark.usefixtures("whole_heap")
def test_signals_that_no_module_holds_are_in_the_file(import_source, folder):
    import_source(
        "locked_shop",
        """
        from django.dispatch import Signal

        HOOKS = {"order.paid": Signal(), "a b": Signal(), None: Signal(), 1.5: Signal()}

        def receive(**kwargs):
            pass

        for signal in HOOKS.values():
            signal.connect(receive)

        def keep():
            signal = Signal()
            signal.connect(receive)
            return lambda: signal

        kept = [keep(), keep()]
        """,
    )
    assert run().error == ""

    unnamed = '"unnamed Signal (django.dispatch.dispatcher.Signal)"'
    assert lines_of_shop(folder / "signals.lock") == [
        "\"locked_shop.HOOKS['a b']\" -> locked_shop.receive  any sender",
        f"{unnamed} -> locked_shop.receive  any sender  x2",
        "locked_shop.HOOKS['order.paid'] -> locked_shop.receive  any sender",
        "locked_shop.HOOKS[…] -> locked_shop.receive  any sender  x2",
    ]
    assert "up to date" in run().out
    assert "up to date" in run("--check").out


@pytest.mark.parametrize("verbosity", [0, 1])
def test_after_gc_freeze_a_note_says_that_signals_may_be_missing(
    verbosity, monkeypatch
):
    monkeypatch.setattr("signaltools.management.base.heap_is_frozen", lambda: True)
    err = io.StringIO()
    call_command("lock_signals", stdout=io.StringIO(), stderr=err, verbosity=verbosity)
    assert err.getvalue() == verbosity * (
        "gc.freeze() was called, so signals that aren't attributes of a module may be "
        "missing.\n"
    )
