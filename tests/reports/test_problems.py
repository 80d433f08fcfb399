from __future__ import annotations

import json
from pathlib import Path

import jsonschema

import signaltools.reports
from signaltools.inventory.records import Problem, Unconnected
from signaltools.reports.editor import Editor
from signaltools.reports.layout import Look
from signaltools.reports.problems import render_problems_json, render_problems_text

OWN = Problem("W005", "shop.late", "It was never imported.", "Import it.")
NOTE = Problem("I001", "shop.receivers.on_order", "It is connected.", "Connect it.")
FOREIGN = Problem("W012", "audit.log.record", "It breaks.", "Add **kwargs.")


def render(own, of_packages=()):
    return render_problems_text(own, of_packages, Look(width=40))


def test_nothing_found():
    assert render([]) == "No problems.\n"


def test_problems_and_notes_of_the_project():
    assert render([OWN, NOTE]) == (
        "PROBLEMS              1 problem · 1 note\n"
        "\n"
        "W005  It was never imported.\n"
        "      Import it.\n"
        "I001  It is connected.\n"
        "      Connect it.\n"
    )


def test_those_of_installed_packages_have_a_section_of_their_own():
    assert render([NOTE], [FOREIGN]) == (
        "NOTES                             1 note\n"
        "\n"
        "I001  It is connected.\n"
        "      Connect it.\n"
        "\n"
        "PROBLEMS OF INSTALLED PACKAGES\n"
        "                               1 problem\n"
        "\n"
        "W012  It breaks.\n"
        "      Add **kwargs.\n"
    )


def test_places_in_messages_are_links(tmp_path):
    tmp_path.joinpath("shop").mkdir()
    tmp_path.joinpath("shop/apps.py").touch()
    message = "It was connected at shop/apps.py:9, and lost at gone.py:3. Mind x.py:y."
    own = OWN._replace(message=message, hint="See shop/apps.py:12.")
    look = Look(folder=str(tmp_path), editor=Editor("ed:{file}:{line}"))

    def link(line):
        place = f"shop/apps.py:{line}"
        return f"\x1b]8;;ed:{tmp_path}/{place}\x1b\\{place}\x1b]8;;\x1b\\"

    linked = render_problems_text([own], (), look)
    plain = render_problems_text([own], (), look._replace(editor=Editor()))
    assert linked == plain.replace("shop/apps.py:9", link(9)).replace(
        "shop/apps.py:12", link(12)
    )


def test_json_has_what_is_not_connected_and_the_number_of_failures():
    missing = Unconnected("shop.late.f", None, "shop.Order", "model", None)
    own = OWN._replace(unconnected=(missing,))
    document = json.loads(render_problems_json([own, NOTE], ["A note."], [own]))
    schema = Path(signaltools.reports.__file__).with_name("problems.schema.json")
    jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(
        document
    )
    assert document["failures"] == 1
    assert document["notes"] == ["A note."]
    assert document["problems"][0] == {
        "id": "W005",
        "name": "shop.late",
        "message": "It was never imported.",
        "hint": "Import it.",
        "signal": None,
        "unconnected": [
            {
                "name": "shop.late.f",
                "signal": None,
                "sender": "shop.Order",
                "sender_kind": "model",
                "sender_app": None,
            }
        ],
    }
