"""
Give the package whole addresses: beside the README on an index are no other files.

Run by hatchling, which reads the address from ``pyproject.toml``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A link such as "](docs/events.md" or a picture, but no "https:" and no "#heading".
_LINK = re.compile(r"(\]\(|(?:src|srcset)=\")(?!https?:|#)([^)\"\s]+)")


class Addresses(MetadataHookInterface):
    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        repository = self.config["repository"]
        tag = metadata["version"]

        def absolute(link: re.Match[str]) -> str:
            kind = "blob" if link[1] == "](" else "raw"
            return f"{link[1]}{repository}/{kind}/{tag}/{link[2]}"

        readme = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _LINK.sub(absolute, readme),
        }
        metadata["urls"] = {
            "Documentation": self.config["documentation"],
            "Source": repository,
            "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
            "Issues": f"{repository}/issues",
        }
