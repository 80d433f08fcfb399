"""
How Sphinx builds these pages: ``tox run -e docs``. Nothing is read from the network.
"""

from __future__ import annotations

import signaltools

project = "django-signaltools"
release = version = signaltools.__version__
project_copyright = "2026 signaltools contributors"

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build"]
nitpicky = True
# GitHub draws these blocks too. A page that has one loads Mermaid when it is opened.
myst_fence_as_directive = ["mermaid"]
# Links to "page.md#a-heading" are checked like those to pages.
myst_heading_anchors = 3

html_theme = "furo"
# 100 columns, the width of what list_signals prints, fit into the page.
html_theme_options = {
    "light_css_variables": {"code-font-size": "72%"},
    "dark_css_variables": {"code-font-size": "72%"},
}
html_title = f"signaltools {release}"
html_show_sphinx = False
# Sources are in the repository; a copy of each in the built pages helps nobody.
html_copy_source = False
