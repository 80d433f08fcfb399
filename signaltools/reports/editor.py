"""
Make the links that open a place in the source in an editor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from ..conf import conf


class Editor(NamedTuple):
    """
    An editor that opens files by a URL; without one, there are no links.

    ``url`` contains ``{file}`` and maybe ``{line}``. ``paths`` maps prefixes of paths
    to those on the machine of the editor.
    """

    url: str = ""
    paths: Mapping[str, str] = {}

    @classmethod
    def from_settings(cls) -> Editor:
        return cls(conf.editor_url, conf.EDITOR_PATHS)

    def href(self, file: str | None, line: int | None) -> str:
        """
        Return the URL that opens a line of a file, or "" if there is none.
        """
        if not (self.url and file):
            return ""
        try:
            path = self._path(file).encode(errors="surrogateescape")
        except UnicodeEncodeError:
            # No file has a name that can't be encoded.
            return ""
        # The line first: a file may be called "{line}".
        url = self.url.replace("{line}", str(line or 1))
        return url.replace("{file}", quote(path, safe="/:\\"))

    def link(self, text: str, file: str | None, line: int | None) -> str:
        """
        Return ``text`` as a link of a terminal (OSC 8) to a line of a file.
        """
        href = self.href(file, line)
        # Characters that aren't printable ASCII could end the sequence.
        url = quote(href, safe=_PRINTABLE, errors="replace")
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if url else text

    def _path(self, file: str) -> str:
        for here, there in self.paths.items():
            folder = here.rstrip("/\\")
            if file.startswith(folder) and file[len(folder) :][:1] in ("", "/", "\\"):
                return there.rstrip("/\\") + file[len(folder) :]
        return file


_PRINTABLE = "".join(map(chr, range(ord("!"), ord("~") + 1)))
