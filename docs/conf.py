"""
How Sphinx builds these pages: ``tox run -e docs``. Nothing is read from the network.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import django
from django.conf import settings

import signaltools

# Docstrings are read from the imported package.
settings.configure(
    INSTALLED_APPS=["debug_toolbar", "signaltools"], STATIC_URL="static/"
)
django.setup()

_PROJECT = tomllib.loads(
    (Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8")
)

project = "django-signaltools"
release = version = signaltools.__version__
project_copyright = "2026 signaltools contributors"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinxcontrib.mermaid",
]
exclude_patterns = ["_build"]
nitpicky = True
# Types in signatures are those of Django and Python, whose pages are on the network.
nitpick_ignore_regex = [(r"py:.*", r".*")]
# GitHub draws these blocks too. A page that has one loads Mermaid when it is opened.
myst_fence_as_directive = ["mermaid"]
# Links to "page.md#a-heading" are checked like those to pages.
myst_heading_anchors = 3
# API pages show "Signal", not "django.dispatch.dispatcher.Signal".
python_use_unqualified_type_hints = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# The button copies commands without their prompts and output.
copybutton_prompt_text = r"\$ |> "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["code.css"]
# 100 columns, the width of what list_signals prints, fit into the page.
html_theme_options = {
    "light_css_variables": {"code-font-size": "72%"},
    "dark_css_variables": {"code-font-size": "72%"},
    "source_repository": _PROJECT["tool"]["hatch"]["metadata"]["hooks"]["custom"][
        "repository"
    ],
    "source_branch": "main",
    "source_directory": "docs/",
}
html_title = f"signaltools {release}"
html_show_sphinx = False
# Sources are in the repository; a copy of each in the built pages helps nobody.
html_copy_source = False
