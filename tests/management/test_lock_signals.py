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
from typing import Any, NamedTuple

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from tests.test_lock import HEADER, SCHEMA

WriteModule = Callable[[str, str], Path]


class Result(NamedTuple):
    out: str
    error: str = ""
    returncode: int = 0


def run(*args: str, **options: Any) -> Result:
    out, err = io.StringIO(), io.StringIO()
    result = Result("")
    try:
        call_command("lock_signals", *args, stdout=out, stderr=err, **options)
    except CommandError as error:
        result = Result("", str(error), error.returncode)
    assert err.getvalue() == ""
    return result._replace(out=out.getvalue())


def wiring_of_shop(file: Path) -> list[str]:
    """
    Return the lines of ``file`` that are about the module ``wired_shop``.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "wired_shop" in line]


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
RESERVE = "wired_shop.done -> wired_shop.reserve  any sender"
TELL_SALES = "wired_shop.done -> wired_shop.tell_sales  any sender"


@pytest.fixture
def shop(import_source: Any) -> Any:
    return import_source("wired_shop", SHOP)


@pytest.fixture(autouse=True)
def folder(few_modules: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lock(shop: Any, folder: Path) -> Path:
    assert run().error == ""
    return folder / "signals.lock"


# --- writing ------------------------------------------------------------------------


def test_wiring_is_written_to_the_current_folder(shop: Any, folder: Path) -> None:
    result = run()

    lock = folder / "signals.lock"
    assert re.fullmatch(
        r"Wrote \d+ connections and \d+ events? to 'signals\.lock'\.\n", result.out
    )
    assert lock.read_bytes().decode().startswith(HEADER)
    assert wiring_of_shop(lock) == [RESERVE, TELL_SALES]
    assert (
        "tests.testapp.signals.order_shipped  event=testapp.order_shipped  version=2"
        "  (sender: type[Order], *, order: Order, parcels: int = 1,"
        " note: str | None = None)\n"
    ) in lock.read_text(encoding="utf-8")
    assert sorted(os.listdir(folder)) == ["signals.lock", "wired_shop.py"]


def test_default_is_beside_manage_py(
    shop: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "site").mkdir()
    monkeypatch.setattr(sys, "argv", [os.path.join("site", "manage.py")])

    assert run().out.endswith(f" to {os.path.join('site', 'signals.lock')!r}.\n")
    assert wiring_of_shop(folder / "site" / "signals.lock") == [RESERVE, TELL_SALES]


def test_file_may_be_named(shop: Any, folder: Path) -> None:
    file = str(folder / "größe.lock")

    assert run(file).out.endswith(f" to {file!r}.\n")
    assert (folder / "größe.lock").read_text(encoding="utf-8").startswith(HEADER)


def test_writing_again_tells_what_has_changed(shop: Any, lock: Path) -> None:
    shop.done.disconnect(shop.reserve)
    shop.done.connect(shop.reserve, weak=False)

    result = run()

    assert result.out.endswith(" to 'signals.lock': 1 added, 1 removed.\n")
    assert wiring_of_shop(lock) == [f"{RESERVE}  strong", TELL_SALES]


def test_file_that_is_right_is_not_touched(lock: Path) -> None:
    before = lock.stat()

    result = run()

    assert re.fullmatch(
        r"'signals\.lock' is up to date: \d+ connections and \d+ events?\.\n",
        result.out,
    )
    after = lock.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_file_that_git_gave_other_ends_of_lines_is_not_touched(lock: Path) -> None:
    content = lock.read_bytes().replace(b"\n", b"\r\n")
    lock.write_bytes(content)

    assert "is up to date" in run().out
    assert run(check=True).returncode == 0
    assert lock.read_bytes() == content


def test_order_of_connection_changes_nothing(shop: Any, lock: Path) -> None:
    before = lock.read_bytes()
    for receiver in (shop.reserve, shop.tell_sales):
        shop.done.disconnect(receiver)
    for receiver in (shop.tell_sales, shop.reserve):
        shop.done.connect(receiver)
    lock.unlink()

    run()

    assert lock.read_bytes() == before


def test_verbosity_0_says_nothing(shop: Any, folder: Path) -> None:
    assert run(verbosity=0) == Result("")
    assert run(verbosity=0) == Result("")
    assert run(verbosity=0, check=True) == Result("")
    assert (folder / "signals.lock").exists()


def test_empty_file_is_overwritten(shop: Any, folder: Path) -> None:
    (folder / "signals.lock").write_bytes(b"\n")

    assert "added" not in run().out
    assert wiring_of_shop(folder / "signals.lock") == [RESERVE, TELL_SALES]


def test_mode_of_the_file_stays(shop: Any, lock: Path) -> None:
    lock.chmod(0o640)
    shop.done.disconnect(shop.reserve)

    run()

    assert lock.stat().st_mode & 0o777 == 0o640


def test_link_to_the_file_stays(shop: Any, lock: Path, folder: Path) -> None:
    (folder / "link.lock").symlink_to("signals.lock")
    shop.done.disconnect(shop.reserve)

    run("link.lock")

    assert (folder / "link.lock").is_symlink()
    assert wiring_of_shop(lock) == [TELL_SALES]


def test_all_has_what_is_otherwise_left_out(shop: Any, lock: Path) -> None:
    line = "\ndjango.db.models.signals.post_migrate -> django.contrib.auth.management."
    assert line not in lock.read_text(encoding="utf-8")

    run("all.lock", all=True)

    text = lock.with_name("all.lock").read_text(encoding="utf-8")
    assert line in text
    assert text.splitlines()[2].endswith(": python manage.py lock_signals --all")


def test_import_adds_what_a_module_connects(
    write_module: WriteModule, folder: Path
) -> None:
    write_module("wired_shop", SHOP)
    write_module("wired_worker", "import wired_shop")

    run("--import=wired_worker", "--import=json", "--import=json")

    assert wiring_of_shop(folder / "signals.lock") == [RESERVE, TELL_SALES]
    assert (folder / "signals.lock").read_text(encoding="utf-8").splitlines()[2] == (
        "# Do not edit. Written by: "
        "python manage.py lock_signals --import=json --import=wired_worker"
    )


# --- comparing ----------------------------------------------------------------------


def test_check_of_the_same_wiring_is_exit_0(lock: Path) -> None:
    result = run("--check")

    assert result.out.startswith("'signals.lock' is up to date: ")
    assert result[1:] == ("", 0)


def test_check_prints_the_difference_and_how_to_accept_it(
    shop: Any, lock: Path
) -> None:
    content = lock.read_bytes()
    shop.done.disconnect(shop.reserve)
    shop.done.connect(shop.reserve, dispatch_uid="shop")

    assert run(check=True) == Result(
        f'--- signals.lock\n+++ this project\n- {RESERVE}\n+ {RESERVE}  uid="shop"\n',
        "This project differs from 'signals.lock'; to accept that, run"
        " 'python manage.py lock_signals' and commit the file.",
        1,
    )
    assert lock.read_bytes() == content


def test_check_with_other_options_tells_so(shop: Any, lock: Path) -> None:
    result = run("signals.lock", "--check", "--all")

    assert (result.error, result.returncode) == (
        "'signals.lock' was written by 'python manage.py lock_signals':"
        " use the same options.\n"
        "This project differs from 'signals.lock'; to accept that, run"
        " 'python manage.py lock_signals signals.lock --all' and commit the file.",
        1,
    )


def test_check_for_tools_prints_json(shop: Any, lock: Path) -> None:
    shop.done.disconnect(shop.reserve)

    result = run(check=True, format="json")

    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    [removed] = document.pop("removed")
    assert document == {"version": 1, "file": "signals.lock", "added": []}
    assert removed["receiver"] == "wired_shop.reserve"
    assert result.returncode == 1


def test_check_for_tools_prints_json_of_no_difference_as_well(lock: Path) -> None:
    result = run(check=True, format="json", verbosity=0)

    document = {"version": 1, "file": "signals.lock", "added": [], "removed": []}
    assert json.loads(result.out) == document
    assert result[1:] == ("", 0)


# --- what can go wrong --------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
def test_format_without_check_is_a_usage_error(folder: Path, form: str) -> None:
    assert run("--format", form) == Result(
        "", "--format is how --check prints: add --check, or leave --format out.", 2
    )
    assert os.listdir(folder) == []


@pytest.mark.parametrize("content", [None, b"", b" \n"])
def test_check_needs_a_file(folder: Path, content: bytes | None) -> None:
    if content is not None:
        (folder / "a b.lock").write_bytes(content)

    assert run("a b.lock", "--check") == Result(
        "",
        "There is no wiring in 'a b.lock' yet: run"
        """ "python manage.py lock_signals 'a b.lock'" and commit the file.""",
        2,
    )


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"# Read me\n",
            "'signals.lock' was not written by lock_signals,"
            " its line 1 is '# Read me': name another file.",
        ),
        (
            HEADER.encode() + b"<<<<<<< HEAD\n",
            "Line 4 of 'signals.lock' marks a merge conflict, '<<<<<<< HEAD':"
            " delete the file and write it again.",
        ),
        (
            HEADER.encode() + b"\xff\n",
            "Line 4 of 'signals.lock' is not UTF-8, '\ufffd':"
            " restore the file, or delete it and write it again.",
        ),
        (
            HEADER.encode().replace(b"format 1", b"format 2"),
            "Line 1 of 'signals.lock' is '# django-signaltools wiring, format 2',"
            " and this signaltools knows format 1: upgrade it.",
        ),
    ],
)
def test_file_that_cannot_be_read_stays_as_it_is(
    folder: Path, content: bytes, message: str, check: bool
) -> None:
    (folder / "signals.lock").write_bytes(content)

    assert run(check=check) == Result("", message, 2)
    assert (folder / "signals.lock").read_bytes() == content


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("special", ["site", "socket", "link"])
def test_folders_and_devices_are_left_alone(
    folder: Path, special: str, check: bool
) -> None:
    (folder / "site").mkdir()
    (folder / "link").symlink_to("socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

        assert run(special, check=check) == Result(
            "", f"{special!r} is no regular file: name another file.", 2
        )

    assert sorted(os.listdir(folder)) == ["link", "site", "socket"]


def test_file_that_the_system_refuses_to_read_is_told(folder: Path) -> None:
    (folder / "file").touch()
    file = os.path.join("file", "signals.lock")

    assert run(file) == Result("", f"Cannot read {file!r}: Not a directory.", 2)


def test_folder_that_cannot_be_written_is_told(
    shop: Any, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = os.path.join("no", "signals.lock")
    message = f"Cannot write {missing!r}: No such file or directory."
    assert run(missing) == Result("", message, 2)

    def refuse(*args: Any) -> None:
        raise PermissionError(13, "Permission denied")

    content = lock.read_bytes()
    shop.done.disconnect(shop.reserve)
    monkeypatch.setattr("os.replace", refuse)
    assert run() == Result("", "Cannot write 'signals.lock': Permission denied.", 2)
    assert lock.read_bytes() == content
    assert sorted(os.listdir(lock.parent)) == ["signals.lock", "wired_shop.py"]


INCOMPLETE = (
    "Without that the wiring would be incomplete: correct it, or use other settings."
)


@pytest.mark.parametrize("check", [True, False])
def test_incomplete_wiring_is_neither_written_nor_compared(
    lock: Path, settings: Any, check: bool
) -> None:
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


def test_signal_that_cannot_be_read_makes_the_wiring_incomplete(
    shop: Any, folder: Path
) -> None:
    shop.done.receivers = None

    result = run()

    assert result.error.startswith("The receivers of 'wired_shop.done' could not be ")
    assert result.error.endswith(INCOMPLETE)
    assert (result.returncode, os.listdir(folder)) == (2, ["wired_shop.py"])


# --- a process of its own -----------------------------------------------------------

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
    "app.signals.paid  event=app.paid  version=1  (sender, *, amount: int)\n"
    "app.signals.paid -> app.signals.audit  any sender\n"
    "app.signals.paid -> app.signals.tell_sales  any sender  async\n"
    "django.db.models.signals.post_save -> app.signals.audit  any sender\n"
    "django.db.models.signals.post_save -> app.signals.tell_sales  any sender  async\n"
)


def make_project(folder: Path) -> Path:
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


def manage(
    folder: Path, *args: str, **environ: str
) -> subprocess.CompletedProcess[str]:
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


def test_two_folders_and_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        folder = make_project(tmp_path / f"folder{seed}")

        done = manage(folder, PYTHONHASHSEED=seed)

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Wrote 12 connections and 1 event to 'signals.lock'.\n"
        assert (folder / "signals.lock").read_bytes().decode() == LOCK


def test_exit_status_and_streams(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    missing = manage(folder, "--check")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith("CommandError: There is no wiring in 'signals.l")

    [line] = [line for line in LOCK.splitlines(keepends=True) if 'uid="<' in line]
    (folder / "signals.lock").write_text(LOCK.replace(line, ""), encoding="utf-8")
    different = manage(folder, "--check")
    assert (different.returncode, different.stderr) == (
        1,
        "CommandError: This project differs from 'signals.lock'; to accept that, run"
        " 'python manage.py lock_signals' and commit the file.\n",
    )
    shown = line.replace("…", "...")
    assert different.stdout == f"--- signals.lock\n+++ this project\n+ {shown}"
