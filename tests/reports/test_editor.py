from __future__ import annotations

import os

import pytest

from signaltools.conf import EDITORS
from signaltools.reports.editor import Editor


def href(file="/srv/site/shop/views.py", line=88, url="{file}", paths=None):
    return Editor(url, paths or {}).href(file, line)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vscode", "vscode://file//srv/shop/views.py:88"),
        ("pycharm", "pycharm://open?file=/srv/shop/views.py&line=88"),
        ("sublime", "subl://open?url=file:///srv/shop/views.py&line=88"),
        ("zed", "zed://file/srv/shop/views.py:88"),
    ],
)
def test_links_open_the_line_of_a_file(name, expected):
    assert href("/srv/shop/views.py", url=EDITORS[name]) == expected


def test_links_without_a_line_open_the_first_one():
    assert href(line=None, url="ed:{file}:{line}") == "ed:/srv/site/shop/views.py:1"


@pytest.mark.parametrize("file", [None, ""])
def test_no_link_without_a_file(file):
    assert href(file) == ""


def test_no_link_without_an_editor():
    assert Editor().href("/srv/site/shop/views.py", 88) == ""


def test_settings_name_the_editor(settings):
    assert Editor.from_settings() == Editor()
    settings.SIGNALTOOLS = {"EDITOR": "zed", "EDITOR_PATHS": {"/app": "/srv"}}
    editor = Editor.from_settings()
    assert editor.href("/app/views.py", 88) == "zed://file/srv/views.py:88"
    settings.SIGNALTOOLS["EDITOR_URL"] = "ed:{file}"
    assert Editor.from_settings().href("/app/views.py", 88) == "ed:/srv/views.py"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({"/srv": "/home/ann"}, "/home/ann/site/shop/views.py"),
        ({"/srv/": "/home/ann/"}, "/home/ann/site/shop/views.py"),
        ({"/srv/site": "/work", "/srv": "/"}, "/work/shop/views.py"),
        ({"/sr": "/home"}, "/srv/site/shop/views.py"),
        ({"/other": "/home"}, "/srv/site/shop/views.py"),
        ({"/srv/site/shop/views.py": "/v.py"}, "/v.py"),
        ({"/": "/mnt"}, "/mnt/srv/site/shop/views.py"),
        ({"/srv": r"C:\code"}, r"C:\code/site/shop/views.py"),
        ({"/srv": "\\\\wsl$\\Debian\\"}, r"\\wsl%24\Debian/site/shop/views.py"),
    ],
)
def test_folders_may_be_others_where_the_editor_runs(paths, expected):
    assert href(paths=paths) == expected


def test_folders_of_windows_may_be_others_where_the_editor_runs():
    file = r"C:\code\shop\views.py"
    paths = {"C:\\code": "/home/ann"}
    assert href(file) == file
    assert href(file, paths=paths) == (r"/home/ann\shop\views.py")


def test_paths_are_quoted():
    file = "/srv/a b/{line}\"'<>&#?%é\n\x1b.py"
    assert href(file, url="x:{file}&l={line}") == (
        "x:/srv/a%20b/%7Bline%7D%22%27%3C%3E%26%23%3F%25%C3%A9%0A%1B.py&l=88"
    )


def test_paths_of_any_bytes_are_quoted():
    assert href(os.fsdecode(b"/srv/\xe9t\xe9.py")) == "/srv/%E9t%E9.py"


def test_no_link_to_a_file_that_cannot_exist():
    assert href("/srv/\ud800.py") == ""


# Links in a terminal


def test_a_link_is_shown_as_its_text():
    assert Editor("ed:{file}:{line}").link("views.py:88", "/srv/views.py", 88) == (
        "\x1b]8;;ed:/srv/views.py:88\x1b\\views.py:88\x1b]8;;\x1b\\"
    )


@pytest.mark.parametrize(
    ("editor", "file"),
    [
        (Editor(), "/srv/views.py"),
        (Editor("ed:{file}"), None),
        (Editor("ed:{file}"), "/srv/\ud800.py"),
    ],
)
def test_what_has_no_link_stays_text(editor, file):
    assert editor.link("views.py:88", file, 88) == "views.py:88"


def test_the_url_of_a_link_cannot_end_its_escape_sequence():
    link = Editor("ed:\x07\x1b\\é\ud800 {file}").link("x", "/srv/\x1b\x07;é.py", 1)
    assert link == (
        "\x1b]8;;ed:%07%1B\\%C3%A9?%20/srv/%1B%07%3B%C3%A9.py\x1b\\x\x1b]8;;\x1b\\"
    )
