from __future__ import annotations

import json

from django.apps import apps
from django.dispatch import Signal

from signaltools.testing.covering import Covering

paid = Signal()


def receive(**kwargs):
    pass


def test_results_of_other_processes_replace_those_of_this_one(tmp_path):
    file = tmp_path / "coverage.json"
    covering = Covering(everything=True, fail_under=101, file=str(file))
    covering.start()
    try:
        paid.connect(receive)
        covering.read()
        assert not covering.has_others
        covering.add(covering.results())
        paid.send(None)
        assert covering.has_others
        covering.note("A note.")
        text, failure = covering.report()
    finally:
        covering.stop()
        paid.disconnect(receive)
    assert text.startswith("signal coverage: ")
    assert text.endswith("\nA note.\n")
    assert failure.endswith("which is less than the required 101%.")
    document = json.loads(file.read_text("utf-8"))
    [counted] = [each for each in document["receivers"] if each["name"] == NAME]
    assert counted["calls"] == 0
    assert document["notes"] == ["A note."]


NAME = f"{__name__}.receive"


def test_a_file_that_cannot_be_written_is_a_failure():
    covering = Covering(file="missing/coverage.json")
    text, failure = covering.report()
    assert text == "signal coverage: no receivers to count\n"
    assert failure == "Cannot write 'missing/coverage.json': No such file or directory."


def test_a_limit_fails_if_django_is_not_set_up(monkeypatch):
    covering = Covering(fail_under=0)
    assert covering.report() == ("signal coverage: no receivers to count\n", "")

    monkeypatch.setattr(apps, "ready", False)

    _, failure = covering.report()
    assert failure == (
        "Signal coverage can't be measured, because Django isn't set up; "
        "install pytest-django, or call django.setup() in conftest.py."
    )
