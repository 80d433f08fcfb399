"""
Print why all tests of an environment were skipped: what they need isn't installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(folder: str) -> None:
    for file in sorted(Path(folder).glob("*.xml")):
        cases = list(ElementTree.parse(file).iter("testcase"))
        skips = [skip for case in cases for skip in case.iter("skipped")]
        if cases and len(skips) == len(cases):
            reasons = dict.fromkeys(skip.get("message", "") for skip in skips)
            print(f"{file.stem} didn't run: {'; '.join(reasons)}")


if __name__ == "__main__":
    main(sys.argv[1])
