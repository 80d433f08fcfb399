"""
All text of the panel's templates can be translated.

What they show isn't: names, problems, and reasons are as in the commands and the docs.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import signaltools

FOLDER = Path(signaltools.__file__).parent
TEMPLATES = sorted(FOLDER.glob("templates/signaltools/*.html"))
# A name, and a unit as in the toolbar's own panels.
NOT_TRANSLATED = {"Django", "ms"}
TRANSLATED = re.compile(
    r"{% blocktranslate\b.*?{% endblocktranslate %}|{% translate .*?%}", re.DOTALL
)
# In attributes, people read these, and what the script shows.
READ = re.compile(
    r'(?:aria-label|placeholder|title|data-(?!at|component|kind)\w+)="([^"]*)"'
)


def own_words(source):
    """
    Return the words of a template that don't come from its context.
    """
    rest = re.sub(r"{%.*?%}|{{.*?}}", " ", source, flags=re.DOTALL)
    texts = [re.sub(r"<[^>]*>", " ", rest), *READ.findall(rest)]
    return set(re.findall(r"[^\W\d_]{2,}", " ".join(texts)))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_words_of_its_own_that_are_not_translated(template):
    source = template.read_text()
    assert own_words(TRANSLATED.sub(" ", source)) <= NOT_TRANSLATED


def test_all_templates_together_have_words():
    words = own_words(
        "".join(
            re.sub(r"{% (?:end)?(?:block)?translate|%}", " ", path.read_text())
            for path in TEMPLATES
        )
    )
    assert {"Problems", "receivers", "Copied", "Actions"} <= words


def test_script_shows_no_text_of_its_own():
    script = (FOLDER / "static/signaltools/panel.js").read_text()
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script, flags=re.DOTALL)
    strings = [first or last for first, last in re.findall(STRING, code)]
    texts = [re.sub(r"\$\{.*?\}", "", string) for string in strings]
    assert "djdt.panel.render" in texts
    # What begins with another character is a selector.
    assert [text for text in texts if re.match(r"[A-Z][a-z]+\b|\w+ \w", text)] == []


STRING = re.compile(r'"([^"\n]*)"|`([^`]*)`')
