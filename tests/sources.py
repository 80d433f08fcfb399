"""
Source distributions of published packages, which have their tests.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path


def download(cache: Path, package: str, version: str) -> Path:
    """
    Return the unpacked source of a package, which is downloaded to ``cache`` once.
    """
    source = cache / f"{package}-{version}"
    if not source.exists():
        options = ["--no-deps", f"--no-binary={package}", f"--dest={cache}"]
        pip = [sys.executable, "-m", "pip", "--quiet", "download", *options]
        subprocess.run([*pip, f"{package}=={version}"], check=True)
        with tarfile.open(cache / f"{source.name}.tar.gz") as archive:
            archive.extractall(cache / "unpacked", filter="data")
        # The last step, so an interrupted download starts again.
        (cache / "unpacked" / source.name).rename(source)
    return source
