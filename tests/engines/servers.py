"""
Start a Redis server for tests.
"""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path


class Redis:
    """
    A server that keeps nothing on disk, so what is in it is gone when it is stopped.
    """

    def __init__(self, program: str, port: int, folder: str) -> None:
        self.program = program
        self.port = port
        self.folder = folder
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        log = Path(self.folder) / "redis.log"
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(self.program, "--bind", "127.0.0.1"),
                    *("--port", str(self.port), "--save", "", "--dir", self.folder),
                ],
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis doesn't start:\n{log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def clear(self) -> None:
        assert self._run(b"FLUSHALL") == b"+OK"

    def _answers(self) -> bool:
        try:
            return self._run(b"PING") == b"+PONG"
        except OSError:
            return False

    def _run(self, command: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(command + b"\r\n")
            return connection.recv(100).strip()
