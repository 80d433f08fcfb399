from __future__ import annotations

import codecs
import gc
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage
from django.core.management import (
    CommandError,
    call_command,
    execute_from_command_line,
)
from django.core.signals import setting_changed
from django.db.models import Model
from django.db.models.signals import m2m_changed, pre_save
from django.test.utils import isolate_apps

import signaltools.reports
from signaltools.inventory.sent_by import Sends
from tests.testapp.models import Order

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("list_signals.schema.json")
    .read_text(encoding="utf-8")
)
# How the report on the test app starts; its counts depend on what else is loaded.
TESTAPP = (ROOT / "tests/golden/testapp.txt").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """
    Make the command believe that connections are watched, as in a process of its own.
    """
    monkeypatch.setattr("signaltools.checks.watch._is_watching", True)


class Result(NamedTuple):
    out: str
    err: str
    error: str


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(*args, stream=io.StringIO, **options):
    out, err, error = stream(), stream(), ""
    try:
        call_command("list_signals", *args, stdout=out, stderr=err, **options)
    except CommandError as raised:
        error = str(raised)
    return Result(out.getvalue(), err.getvalue(), error)


def start(
    *args, program=("-m", "django", "list_signals"), out=subprocess.PIPE, **environ
):
    """
    Run the command, or another program, in its own process.
    """
    return subprocess.run(
        [sys.executable, *program, *args],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONIOENCODING": "utf-8",
            **environ,
        },
        stdout=out,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def execute(*args):
    """
    Run the command as manage.py does, in this process, and return its exit status.
    """
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", "list_signals", *args])
    return ended.value.code


def listed(result):
    """
    Map each signal of a JSON report to the names of its receivers.
    """
    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return {
        signal["name"]: [receiver["name"] for receiver in signal["receivers"]]
        for signal in document["signals"]
    }


def without_color(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    # Paths are shown relative to the current folder.
    monkeypatch.chdir(ROOT)
    # Garbage of other tests must not be collected between two runs of one test.
    gc.collect()


# --- exit status and streams --------------------------------------------------------


def test_the_report_is_all_that_is_printed():
    done = start("--app", "testapp")
    assert done.stdout.startswith(TESTAPP)
    assert done.stdout.endswith("     ~ = async, concurrent\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pattern_without_match_is_exit_1_with_a_hint_on_stderr(capsys):
    assert execute("order_payd") == 1
    assert capsys.readouterr() == (
        "",
        "CommandError: No signal, receiver, or sender matches 'order_payd'."
        " Did you mean 'order_paid'?\n",
    )


def test_a_usage_error_is_exit_2(capsys):
    assert execute("--format", "xml") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "argument --format: invalid choice: 'xml'" in err


def test_a_failed_import_is_exit_1_and_the_rest_is_listed(capsys):
    assert execute("--import", "no_such_module", "--app", "testapp") == 1
    out, err = capsys.readouterr()
    assert out.startswith(TESTAPP)
    assert err == (
        "CommandError: Could not import module 'no_such_module'"
        " (ModuleNotFoundError: No module named 'no_such_module').\n"
    )


def test_a_broken_project_is_exit_0_with_notes_on_stderr(tmp_path):
    (tmp_path / "broken_settings.py").write_text(
        "from tests.settings import *\n"
        "ROOT_URLCONF = 'broken_urls'\n"
        "MIDDLEWARE = ['broken_middleware.Middleware']\n"
    )
    (tmp_path / "broken_urls.py").write_text(
        "print('loading')\nraise SystemExit('no license')\n"
    )
    done = start(
        "--app=testapp",
        DJANGO_SETTINGS_MODULE="broken_settings",
        PYTHONPATH=str(tmp_path),
    )
    assert done.stdout.startswith(TESTAPP)
    assert (done.returncode, done.stderr) == (
        0,
        "loading\n"
        "Could not import ROOT_URLCONF 'broken_urls' (SystemExit: no license).\n"
        "Could not import middleware 'broken_middleware.Middleware'"
        " (ModuleNotFoundError: No module named 'broken_middleware').\n",
    )


def test_an_ascii_stdout_gets_ascii(write_module):
    source = "from django.dispatch import Signal\n# Größe → ∞\ngröße = Signal()\n"
    write_module("unicode_signals", source)
    # Strict, as sys.stdout is: one character that isn't ASCII would raise.
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    call_command("list_signals", imports="unicode_signals", stdout=stdout)
    text = stdout.buffer.getvalue().decode("ascii")
    assert r"unicode_signals.gr\xf6\xdfe" in text
    assert r"  Gr\xf6\xdfe \u2192 \u221e" in text
    assert re.search(r"SIGNALS +\d+ signals - [\d,]+ receivers", text)


def test_a_closed_pipe_prints_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = start(out=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


REPORTS = """
import django
from django.core.management import call_command

django.setup()
for options in (["--format=text"], ["--format=json"], ["--without-receivers"]):
    call_command("list_signals", "--all", *options)
    print("\\f", end="")
"""


@pytest.fixture(scope="module")
def reports():
    """
    Three reports on everything, from two processes with other hashes.
    """
    runs = [
        start(program=("-c", REPORTS), PYTHONHASHSEED=seed).stdout.split("\f")[:3]
        for seed in ("1", "2")
    ]
    assert [len(run) for run in runs] == [3, 3]
    return runs


@pytest.mark.parametrize("index", range(3))
def test_two_runs_print_the_same_bytes(reports, index):
    first, second = (run[index] for run in reports)
    assert first == second
    assert "template_rendered" in first
    assert not re.search(r"0x[0-9a-f]{6,}", first)


def test_all_includes_builtin_signals_that_are_not_imported(reports):
    (_, as_json, without_receivers), _ = reports
    name = "django.test.signals.template_rendered"
    document = json.loads(as_json)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    [record] = [record for record in document["signals"] if record["name"] == name]
    assert (record["imported"], record["receivers"]) == (False, [])
    assert name in without_receivers.rpartition("not imported: ")[2]


def in_terminal(*args):
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        try:
            done = start(*args, out=slave, COLUMNS="80")
        finally:
            os.close(slave)
        assert (done.returncode, done.stderr) == (0, "")
        text = b""
        # On Linux, reading past the end of a terminal raises an error.
        with suppress(OSError):
            while part := screen.read(4096):
                text += part
    return text.decode().replace("\r\n", "\n")


def test_a_terminal_gets_color_and_its_own_width():
    text = in_terminal("order_paid")
    assert "\x1b[1mtests.testapp.signals.order_paid\x1b[0m" in text
    heading = without_color(text).splitlines()[0]
    assert heading.startswith("PROJECT SIGNALS   ")
    assert len(heading) == 80


def test_color_in_a_terminal_can_be_switched_off(monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    assert "\x1b" in run("order_paid", stream=Terminal).out
    assert "\x1b" not in run("order_paid", stream=Terminal, no_color=True).out
    monkeypatch.setenv("DJANGO_COLORS", "nocolor")
    assert "\x1b" not in run("order_paid", stream=Terminal).out


# --- filters ------------------------------------------------------------------------


def test_options_may_be_plain_strings():
    assert listed(run(app="testapp", format="json")) == {
        "django.db.models.signals.m2m_changed": ["tests.testapp.receivers.retag"],
        "django.db.models.signals.post_migrate": [
            "tests.testapp.receivers.create_defaults"
        ],
        "django.db.models.signals.post_save": [
            "tests.testapp.receivers.index_order",
            "tests.testapp.receivers.audit",
        ],
        "django.db.models.signals.pre_save": ["tests.testapp.receivers.normalize_tag"],
        "tests.testapp.signals.order_cancelled": [],
        "tests.testapp.signals.order_paid": [
            "tests.testapp.receivers.reserve",
            "tests.testapp.receivers.<lambda>",
            "tests.testapp.receivers.Ledger.book",
            "tests.testapp.receivers.notify",
        ],
        "tests.testapp.signals.order_shipped": [],
    }


def test_events_have_a_schema_of_their_arguments():
    document = json.loads(run("testapp", kind="event", format="json").out)

    [event] = document["signals"]
    schema = event["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert event["schema_problems"] == {}
    assert schema["title"] == "testapp.order_shipped, version 2"
    assert list(schema["properties"]) == ["order", "parcels", "note"]
    assert (schema["required"], schema["additionalProperties"]) == (["order"], False)


def test_events_are_a_kind_of_their_own():
    [event] = json.loads(run("testapp", kind="event", format="json").out)["signals"]
    assert (event["name"], event["label"], event["version"]) == (
        "tests.testapp.signals.order_shipped",
        "testapp.order_shipped",
        2,
    )


def test_markdown_is_a_catalog():
    out = run("testapp", kind="event", format="markdown").out
    assert out.startswith("# Signals\n\n## testapp.order_shipped\n")


def test_options_may_be_lists():
    one = run(app=["testapp"], kind=["custom"], format="json")
    assert listed(one) == listed(run("--app=testapp", "--kind=custom", "--format=json"))
    assert [*listed(one)] == [
        "tests.testapp.signals.order_cancelled",
        "tests.testapp.signals.order_paid",
    ]


def test_positional_arguments_are_patterns():
    result = run("order_cancelled", "normalize_TAG", "--format=json")
    assert listed(result) == {
        "django.db.models.signals.pre_save": ["tests.testapp.receivers.normalize_tag"],
        "tests.testapp.signals.order_cancelled": [],
    }


def test_the_receivers_of_a_sender_include_those_of_any_sender():
    result = run("tests.testapp", sender="testapp.order", format="json")
    assert listed(result) == {
        "django.db.models.signals.post_save": [
            "tests.testapp.receivers.index_order",
            "tests.testapp.receivers.audit",
        ],
        "tests.testapp.signals.order_paid": [
            "tests.testapp.receivers.reserve",
            "tests.testapp.receivers.<lambda>",
            "tests.testapp.receivers.Ledger.book",
            "tests.testapp.receivers.notify",
        ],
    }


def test_unsent_lists_signals_that_no_code_sends(capsys):
    call_command("list_signals", "--unsent", "--app=testapp", "--format=json")
    assert [*listed(capsys.readouterr())] == [
        f"tests.testapp.signals.{name}" for name in ("order_cancelled", "order_shipped")
    ]
    call_command("list_signals", "--unsent", "order_paid")
    out, err = capsys.readouterr()
    assert out.startswith("0 of ")
    assert err == "Nothing matches all of these filters.\n"


def sources_read(monkeypatch, *options):
    read = []

    def find_places(connected):
        read.append(options)
        return Sends({}, ["A note."])

    name = "signaltools.management.commands.list_signals.find_places"
    monkeypatch.setattr(name, find_places)
    # A problem of another test is exit status 1.
    with suppress(SystemExit):
        call_command("list_signals", *options, stdout=io.StringIO())
    return bool(read)


@pytest.mark.parametrize(
    "options",
    [
        ["order_paid"],
        ["--unsent", "--problems"],
        ["--model=testapp.Order"],
        *(["--format", name] for name in ("json", "markdown", "mermaid")),
    ],
)
def test_sources_are_read_where_it_is_shown_what_sends(monkeypatch, options):
    assert sources_read(monkeypatch, *options)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--problems", "order_paid", "--format=json"],
        ["--kind=builtin"],
        ["--kind=event", "order_cancelled", "--without-receivers"],
    ],
)
def test_sources_are_not_read_otherwise(monkeypatch, options):
    assert not sources_read(monkeypatch, *options)


def test_a_source_that_cannot_be_read_is_a_note(monkeypatch, capsys):
    name = "signaltools.management.commands.list_signals.find_places"
    monkeypatch.setattr(name, lambda connected: Sends({}, ["A note."]))
    call_command("list_signals", "order_paid")
    assert capsys.readouterr().err == "A note.\n"
    call_command("list_signals", "--format=json")
    assert "A note." in json.loads(capsys.readouterr().out)["notes"]


def test_without_receivers_lists_signals_without_receivers():
    found = listed(run("--without-receivers", "--kind=custom", "--format=json"))
    assert "tests.testapp.signals.order_cancelled" in found
    assert set(map(len, found.values())) == {0}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["zzzzz"], "No signal, receiver, or sender matches 'zzzzz'."),
        (
            ["--app=signaltools"],
            "The app 'signaltools' has no signals or receivers.",
        ),
        (["--app=zzzzz"], "No installed app has the label 'zzzzz'."),
        (["--sender=zzzzz"], "No model or connected sender is named 'zzzzz'."),
        (
            ["zzz\x1b[31m", "--app=zzzzz"],
            "No signal, receiver, or sender matches 'zzz\\x1b[31m'.\n"
            "No installed app has the label 'zzzzz'.",
        ),
    ],
)
def test_a_value_that_matches_nothing_is_an_error(args, message):
    assert run(*args) == Result("", "", message)


def test_filters_that_match_nothing_together_are_accepted():
    result = run("order_cancelled", app="auth")
    assert re.fullmatch(r"0 of \d+ signals · 0 of [\d,]+ receivers\n", result.out)
    assert result[1:] == ("Nothing matches all of these filters.\n", "")
    assert run("order_paid", without_receivers=True)[1:] == result[1:]
    assert run("order_cancelled", app="auth", verbosity=0)[1:] == ("", "")


def test_a_filter_expands():
    assert " collapsed)" in run().out
    for filters in ({"app": "auth"}, {"kind": "builtin"}, {"all": True}):
        result = run(**filters)
        assert "django.contrib.auth.management.create_permissions" in result.out
        assert " collapsed)" not in result.out


def test_many_senders_of_a_receiver_are_one_row_unless_all_are_asked_for():
    def index(sender, **kwargs):
        pass

    models = apps.get_models()
    for model in models:
        pre_save.connect(index, sender=model)
    try:
        pattern = "<locals>.index"
        few, many = run(pattern).out, run(pattern, "--all").out
        catalog = run(pattern, "--format=markdown").out
        full_catalog = run(pattern, "--all", format="markdown").out
        [found] = json.loads(run(pattern, format="json").out)["signals"]
    finally:
        for model in models:
            pre_save.disconnect(index, sender=model)
    assert few.count("<locals>.index") == catalog.count("<locals>.index") == 1
    assert f"{len(models)} senders" in few
    assert f"{len(models)} senders" in catalog
    assert many.count("<locals>.index") == len(models)
    assert full_catalog.count("<locals>.index") == len(models)
    assert len(found["receivers"]) == len(models)


# --- one model ----------------------------------------------------------------------


def test_a_model_shows_what_runs_for_it():
    out = run(model="TestApp.order").out
    assert out.startswith("testapp.Order: what runs, in order ")
    assert "tests.testapp.receivers.index_order" in out
    assert run("--model=testapp.Order").out == out
    assert run("--model=order").out == out


def test_a_model_as_json_and_as_a_graph():
    document = json.loads(run(model="testapp.Order", format="json").out)
    assert document["model"] == "testapp.Order"
    graph = run(model="testapp.Order", format="mermaid").out
    assert '(["m2m_changed<br/>testapp.Order_tags"])' in graph


def test_an_unknown_model_is_an_error():
    result = run(model="testapp.Ordr")
    message = "No model is named 'testapp.Ordr'. Did you mean 'testapp.Order'?"
    assert result == Result("", "", message)
    assert run(model="") == Result("", "", "No model is named ''.")


@isolate_apps("tests.testapp")
def test_a_name_that_several_models_have_is_an_error(monkeypatch):
    class Group(Model):
        class Meta:
            app_label = "testapp"

    models = apps.get_models()
    monkeypatch.setattr(
        "signaltools.introspect.models.installed_models",
        lambda: [*models, Group],
    )
    message = "2 models are named 'group'. Choose 'auth.Group' or 'testapp.Group'."
    assert run(model="group").error == message


def test_a_model_is_shown_though_an_import_failed():
    result = run("--import=no_such_module", model="testapp.Order")
    assert result.out.startswith("testapp.Order: ")
    assert result.error.startswith("Could not import module 'no_such_module' ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"app": "testapp"},
            "--model can't be combined with patterns or other filters.",
        ),
        (
            {"without_receivers": True},
            "--model can't be combined with patterns or other filters.",
        ),
        (
            {"format": "markdown"},
            "--model doesn't support --format markdown; choose text, json, or mermaid.",
        ),
    ],
)
def test_a_model_with_options_that_it_does_not_support_is_a_usage_error(
    options, message
):
    with pytest.raises(CommandError, match=r"^--model ") as caught:
        call_command("list_signals", model="testapp.Order", **options)
    assert (str(caught.value), caught.value.returncode) == (message, 2)


def test_a_graph_has_what_the_filters_leave():
    graph = run("order_paid", format="mermaid").out
    assert "flowchart LR" in graph
    assert "receivers.notify" in graph
    assert "post_save" not in graph
    assert "left out, see --all" in run(format="mermaid").out
    assert "left out" not in run(format="mermaid", all=True).out


# --- what is loaded -----------------------------------------------------------------

WriteModule = Callable[[str, str], Path]


def test_import_adds_what_a_module_connects(write_module):
    write_module(
        "extra_signals",
        """
        from django.dispatch import Signal

        done = Signal()

        @done.connect
        def on_done(**kwargs):
            pass
        """,
    )
    write_module("extra_worker", "import extra_signals")
    result = run("extra", imports="extra_worker", format="json")
    assert listed(result) == {"extra_signals.done": []}
    assert run("extra", "--import=extra_signals", "--import=json").error == ""


def test_every_failed_import_is_an_error(write_module):
    write_module("failing_import", "1 / 0")
    args = ("--import=failing_import", "--import=no_such_module")
    result = run("order_paid", *args, "--format=json")
    failures = [
        "Could not import module 'failing_import'"
        " (ZeroDivisionError: division by zero).",
        "Could not import module 'no_such_module'"
        " (ModuleNotFoundError: No module named 'no_such_module').",
    ]
    assert result.error == "\n".join(failures)
    assert json.loads(result.out)["notes"] == failures
    assert [*listed(result)] == ["tests.testapp.signals.order_paid"]
    assert result.err == ""


def test_a_failed_import_is_an_error_even_if_a_pattern_matches_nothing():
    # The import may well be why nothing matches.
    result = run("zzzzz", "--import=no_such_module")
    printed = result.err + result.error
    assert "No signal, receiver, or sender matches 'zzzzz'." in printed
    assert "Could not import module 'no_such_module'" in printed


def test_what_a_module_prints_is_not_in_the_report(write_module, capsys):
    write_module("printing_module", "print('hello')")
    result = run("order_cancelled", imports="printing_module", format="json")
    assert [*listed(result)] == ["tests.testapp.signals.order_cancelled"]
    assert capsys.readouterr() == ("", "hello\n")


BROKEN_URLS = (
    "Could not import ROOT_URLCONF 'broken_urls' (SystemExit: no \\x1b license)."
)


@pytest.fixture
def broken_urls(settings, write_module):
    write_module("broken_urls", r"raise SystemExit('no \x1b license')")
    settings.ROOT_URLCONF = "broken_urls"


@pytest.mark.usefixtures("broken_urls")
def test_notes_are_printed_to_stderr_and_escaped():
    assert run("order_cancelled").err == f"{BROKEN_URLS}\n"


@pytest.mark.usefixtures("broken_urls")
def test_verbosity_0_prints_no_notes():
    quiet = run("order_cancelled", verbosity=0)
    assert quiet[1:] == ("", "")
    assert quiet.out == run("order_cancelled").out


@pytest.mark.usefixtures("broken_urls")
def test_verbosity_2_prints_what_autodiscovery_did():
    first, *rest = run("order_cancelled", verbosity=2).err.splitlines()
    assert first == BROKEN_URLS
    assert any(
        line.startswith("Autodiscovery: tests.testapp.signals imported: created ")
        for line in rest
    )


@pytest.mark.usefixtures("broken_urls")
def test_json_holds_the_notes_as_they_are():
    document = json.loads(run("order_cancelled", format="json", verbosity=0).out)
    assert document["notes"] == [BROKEN_URLS.replace(r"\x1b", "\x1b")]


def test_a_broken_middleware_is_a_note(settings):
    settings.MIDDLEWARE = ["no_such_module.Middleware"]
    result = run("order_cancelled")
    assert result.err == (
        "Could not import middleware 'no_such_module.Middleware'"
        " (ModuleNotFoundError: No module named 'no_such_module').\n"
    )
    assert (result.error, "order_cancelled" in result.out) == ("", True)


def test_a_middleware_that_is_not_a_path_is_named(settings):
    settings.MIDDLEWARE = ["Middleware"]
    result = run("order_cancelled")
    assert result.error == ""
    assert "'Middleware'" in result.err


# --- output -------------------------------------------------------------------------


def test_output_goes_to_a_file_in_utf8(tmp_path):
    file = tmp_path / "signals.txt"
    assert run("--app=testapp", "-o", str(file)) == Result("", "", "")
    assert file.read_bytes().decode() == run(app="testapp").out


def test_a_file_is_never_colored_and_as_wide_as_a_pipe(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    file = tmp_path / "signals.txt"
    run(app="testapp", output=str(file), force_color=True, stream=Terminal)
    assert file.read_text(encoding="utf-8") == run(app="testapp").out


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    file = str(tmp_path / "no" / "signals.txt")
    message = f"Cannot write {file!r}: No such file or directory."
    assert run("-o", file) == Result("", "", message)
    assert run("-o", str(tmp_path)).error == (
        f"Cannot write {str(tmp_path)!r}: Is a directory."
    )


def test_color_only_adds():
    plain = run(app="testapp", no_color=True)
    colored = run(app="testapp", force_color=True)
    assert "\x1b[" in colored.out
    assert without_color(colored.out) == plain.out == run(app="testapp").out


@pytest.mark.usefixtures("broken_urls")
def test_forced_color_colors_notes_as_well():
    colored = run("order_cancelled", force_color=True)
    assert colored.err != run("order_cancelled").err
    assert without_color(colored.err) == f"{BROKEN_URLS}\n"


@pytest.mark.parametrize(
    ("columns", "width"),
    [("30", 60), ("60", 60), ("90", 90), ("140", 140), ("500", 140)],
)
def test_the_width_follows_the_terminal_within_limits(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    result = run("order_cancelled", stream=Terminal, no_color=True)
    assert max(map(len, result.out.splitlines())) == width
    assert max(map(len, run("order_cancelled").out.splitlines())) == 100


@pytest.fixture
def storage():
    storage = FileSystemStorage()
    yield
    setting_changed.disconnect(storage._clear_cached_properties)


@pytest.mark.usefixtures("storage")
def test_json_leaves_methods_of_storage_objects_out_unless_all():
    method = (
        "django.core.files.storage.filesystem.FileSystemStorage"
        "._clear_cached_properties"
    )
    signal = "django.core.signals.setting_changed"
    assert method not in listed(run(format="json"))[signal]
    assert method in listed(run(format="json", all=True))[signal]
    assert method in run("setting_changed").out


def test_a_stream_without_an_encoding_is_accepted():
    out = io.BytesIO()
    call_command(
        "list_signals", "order_cancelled", stdout=codecs.getwriter("utf-8")(out)
    )
    assert out.getvalue().decode() == run("order_cancelled").out


class ClosedPipe(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


def test_a_closed_pipe_of_a_caller_leaves_the_stdout_of_the_process_alone(
    monkeypatch,
):
    replaced = []
    monkeypatch.setattr("os.dup2", lambda *fds: replaced.append(fds))
    monkeypatch.setattr("os.open", lambda *args: -1)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    with suppress(BrokenPipeError):
        call_command("list_signals", "order_cancelled", stdout=ClosedPipe())
    assert replaced == []


# --- problems -----------------------------------------------------------------------


CASE = """
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from django.conf import settings
from django.core.management import execute_from_command_line
from django.test import override_settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "shop", "signaltools"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="urls",
)
for line in sys.stdin:
    args, ignored, silenced = json.loads(line)
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        override_settings(
            SIGNALTOOLS={"IGNORE": ignored}, SILENCED_SYSTEM_CHECKS=silenced
        ),
    ):
        try:
            execute_from_command_line(["manage.py", "list_signals", *args])
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
"""
MODELS = """
from django.db import models

class Stamped(models.Model):
    class Meta:
        abstract = True

class Order(Stamped): ...

class RushOrder(Order):
    class Meta:
        proxy = True
"""
RECEIVERS = """
from django.db.models.signals import post_save
from django.dispatch import receiver
from .models import Order, Stamped

@receiver(post_save, sender=Stamped)
def on_stamped(sender, **kwargs): ...

@receiver(post_save, sender=Order)
def on_order(sender, **kwargs): ...
"""
APPS = """
from django.apps import AppConfig
from django.db.models.signals import post_delete

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        def flush(sender, **kwargs): ...
        post_delete.connect(flush, sender="shop.Order")
        from . import receivers
"""
LATE = """
from django.db.models.signals import pre_save
from .models import Order

def forget(sender, **kwargs): ...

pre_save.connect(forget, sender=Order)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """
    Return a function that runs the command in a project with problems.

    One process runs all of them.
    """
    folder = tmp_path_factory.mktemp("project")
    files = {
        "manage.py": CASE,
        "urls.py": "urlpatterns = []",
        "shop/__init__.py": "",
        "shop/apps.py": APPS,
        "shop/models.py": MODELS,
        "shop/receivers.py": RECEIVERS,
        "shop/late.py": LATE,
    }
    (folder / "shop").mkdir()
    for name, source in files.items():
        (folder / name).write_text(source, "utf-8")

    def run(*args, ignored=(), silenced=()):
        process.stdin.write(json.dumps([args, ignored, silenced]) + "\n")
        process.stdin.flush()
        return Done(*json.loads(process.stdout.readline()))

    with subprocess.Popen(
        [sys.executable, "manage.py", "list_signals"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield run
        process.stdin.close()


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def ids(done):
    return re.findall(r"^[WI]\d+", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["forget"], ["W005"]),
        (["flush"], ["W001"]),
        (["--sender", "shop.Order"], ["W001", "W005", "I001"]),
        (["--model", "shop.Order"], ["W001", "W005", "W009", "I001"]),
        (["--model", "shop.Order", "--problems"], ["W001", "W005", "W009", "I001"]),
        (["--problems"], ["W001", "W005", "W009", "I001"]),
        (["--problems", "--app", "contenttypes"], []),
    ],
)
def test_what_is_not_connected_is_shown_by_each_filter(shop, args, expected):
    done = shop(*args)
    assert ids(done) == expected
    fails = "--problems" in args and any(each[0] == "W" for each in expected)
    assert (done.returncode, done.stderr) == (int(fails), "")


def test_a_graph_without_receivers_names_the_problem_on_stderr(shop):
    done = shop("forget", "--format", "mermaid")
    assert "forget" not in done.stdout
    assert done.stderr == (
        "The module 'shop.late' connects 1 receiver to signals, but it was never "
        "imported: 'shop.late.forget'.\n"
    )


def test_problems_alone(shop):
    done = shop("--problems", "forget")
    assert done.returncode == 1
    assert done.stdout.endswith(
        """ 1 problem

W005  The module 'shop.late' connects 1 receiver to signals, but it was never imported:
      'shop.late.forget'.
      Import it in the ready() method of 'shop.apps.ShopConfig'.
"""
    )


def test_ignored_and_silenced_problems_do_not_fail(shop):
    done = shop(
        "--problems",
        "--format=json",
        ignored=["W005 shop.late", "W009 shop.receivers.on_stamped"],
        silenced=["signaltools.W001"],
    )
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(PROBLEMS_SCHEMA).validate(document)
    assert [each["id"] for each in document["problems"]] == ["I001"]
    assert (done.returncode, document["failures"]) == (0, 0)


PROBLEMS_SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("problems.schema.json")
    .read_text(encoding="utf-8")
)


def in_vain(sender, **kwargs): ...


@pytest.fixture
def mistake():
    m2m_changed.connect(in_vain, sender=Order)
    yield
    m2m_changed.disconnect(in_vain, sender=Order)


@pytest.mark.usefixtures("mistake")
@pytest.mark.parametrize("args", [["in_vain"], ["--model", "testapp.Order"]])
def test_a_problem_of_the_project_is_exit_1(args, capsys):
    assert execute("--problems", *args) == 1
    out, err = capsys.readouterr()
    assert f"W007  The receiver '{__name__}.in_vain' is never called:" in out
    assert "\ntestapp" not in out
    assert err == ""


@pytest.mark.usefixtures("mistake")
def test_a_problem_that_is_ignored_is_exit_0(capsys, settings):
    settings.SIGNALTOOLS = {"IGNORE": [f"W007 {__name__}.in_vain"]}
    execute_from_command_line(["manage.py", "list_signals", "--problems", "in_vain"])
    assert capsys.readouterr().out == "No problems.\n"


@pytest.mark.usefixtures("mistake")
def test_problems_as_json_count_those_that_fail(capsys):
    assert execute("--problems", "--format", "json", "in_vain") == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(PROBLEMS_SCHEMA).validate(document)
    assert [each["id"] for each in document["problems"]] == ["W007"]
    assert document["failures"] == 1


@pytest.mark.parametrize("form", ["markdown", "mermaid"])
def test_problems_with_another_format_are_a_usage_error(form, capsys):
    assert execute("--problems", "--format", form) == 2
    assert capsys.readouterr().err == (
        f"CommandError: --problems doesn't support --format {form}; choose text or "
        "json.\n"
    )


def test_an_app_that_is_not_installed_has_no_problems_to_show():
    result = run("--problems", "--app", "nope")
    assert result.error == "No installed app has the label 'nope'."


def test_after_gc_freeze_a_note_says_that_signals_may_be_missing(monkeypatch):
    monkeypatch.setattr("signaltools.management.base.heap_is_frozen", lambda: True)
    note = (
        "gc.freeze() was called, so signals that aren't attributes of a module may be "
        "missing."
    )
    result = run("--format", "json")
    assert result.err == f"{note}\n"
    assert json.loads(result.out)["notes"] == [note]


HELD = """
    from django.dispatch import Signal

    HOOKS = {"order.paid": Signal()}

    def receive(sender):
        pass

    def keep():
        signal = Signal()
        signal.connect(receive)
        return lambda: signal

    HOOKS["order.paid"].connect(receive)
    kept = [keep(), keep()]
"""
UNNAMED = "unnamed Signal (django.dispatch.dispatcher.Signal)"


@pytest.mark.usefixtures("whole_heap")
@pytest.mark.parametrize("output", ["text", "json", "markdown", "mermaid"])
def test_signals_that_no_module_holds_are_listed(output, import_source):
    import_source("held_shop", HELD)

    result = run("held_shop", "--format", output)

    names = {
        "text": ["held_shop.HOOKS['order.paid']\n", f"{UNNAMED}\n", f"{UNNAMED} (2)\n"],
        "json": [
            "\"held_shop.HOOKS['order.paid']\"",
            f'"{UNNAMED}"',
            f'"{UNNAMED} (2)"',
        ],
        "markdown": ["HOOKS", UNNAMED, f"{UNNAMED} (2)"],
        "mermaid": [
            "HOOKS#91;#39;order.paid#39;#93;<br/>held_shop",
            f'(["{UNNAMED}"])',
            f'(["{UNNAMED} (2)"])',
        ],
    }
    for name in names[output]:
        assert name in result.out
    if output == "json":
        document = json.loads(result.out)
        jsonschema.validate(document, SCHEMA)
        problems = [each["receivers"][0]["problems"] for each in document["signals"]]
        assert problems == [["W012"]] * 3


@pytest.mark.usefixtures("whole_heap")
def test_a_problem_of_one_unnamed_signal_is_not_shown_beside_another(import_source):
    source = HELD.replace("kept =", "right = lambda **kwargs: None\n    kept =")
    module = import_source("held_shop", source)
    other = module.keep.__globals__["Signal"]()
    other.connect(module.right)
    holder = [other.send]

    document = json.loads(run("held_shop", "--format", "json").out)

    found = [
        (each["name"], each["receivers"][0]["problems"])
        for each in document["signals"]
        if each["name"].startswith(UNNAMED)
    ]
    assert found == [
        (UNNAMED, []),
        (f"{UNNAMED} (2)", ["W012"]),
        (f"{UNNAMED} (3)", ["W012"]),
    ]
    del holder
