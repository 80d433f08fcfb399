"""
Start a PostgreSQL server for tests.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_programs() -> Path | None:
    """
    Return the folder of ``initdb`` and ``postgres``, or None.
    """
    # Debian doesn't put them on the path.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    folders += [Path(found).resolve().parent] if found else []
    return next((each for each in folders if (each / "postgres").exists()), None)


@contextmanager
def running_server(programs: Path, port: int) -> Iterator[None]:
    """
    Run a server in a temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="signaltools-") as folder:
        user = {}
        # PostgreSQL refuses to run as root.
        if os.geteuid() == 0:
            account = next(
                each
                for each in pwd.getpwall()
                if each.pw_name in ("postgres", "nobody")
            )
            os.chown(folder, account.pw_uid, account.pw_gid)
            user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        data = Path(folder) / "data"
        subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={data}",
                "--username=signaltools",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **user,
        )
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [
                    programs / "postgres",
                    *("-D", data, "-h", "127.0.0.1", "-p", str(port)),
                    *("-k", folder, "-F"),
                ],
                cwd=folder,
                stdout=output,
                stderr=output,
                **user,
            )
        try:
            _wait_until_ready(programs, port, process, log)
            yield
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def _wait_until_ready(
    programs: Path, port: int, process: subprocess.Popen, log: Path
) -> None:
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + 60
    while subprocess.run(ready).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL doesn't start:\n{log.read_text()}")
        time.sleep(0.1)
