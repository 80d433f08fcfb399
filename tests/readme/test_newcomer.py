"""
The first minute: what the first command of the README shows in a new project whose
receivers aren't imported.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICK_START = (ROOT / "README.md").read_text("utf-8").partition("## Quick start")[2]
FIRST_COMMAND = re.search(r"^\$ python (manage\.py .+)$", QUICK_START, re.M)[1]
SIGNAL = """\
from django.dispatch import Signal, receiver

order_paid = Signal()
"""
RECEIVER = """
@receiver(order_paid)
def send_receipt(**kwargs): ...
"""


@pytest.fixture
def project(tmp_path):
    run(tmp_path, "-m", "django", "startproject", "site_of_ada", ".")
    run(tmp_path, "-m", "django", "startapp", "shop")
    with (tmp_path / "site_of_ada/settings.py").open("a") as settings:
        settings.write('INSTALLED_APPS += ["shop", "signaltools"]\n')
    return tmp_path


def run(folder, *args):
    hidden = {"DJANGO_SETTINGS_MODULE", "COLUMNS"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**env, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
        check=False,
    ).stdout


def first_output(project):
    # The last line also counts the signals of Django.
    return run(project, *shlex.split(FIRST_COMMAND)).rpartition("\n\n")[0] + "\n"


SIGNAL_LINE = f"{'shop.signals.order_paid':<82} shop/signals.py:3\n"
RECEIVER_LINE = "   1  shop.signals.send_receipt  any sender"
W019 = "Nothing but signaltools imports 'shop.signals', which connects 1 receiver."
UNSENT = "  sent by  no code that was found\n"


def test_a_signals_module_that_nothing_imports(project):
    (project / "shop/signals.py").write_text(SIGNAL + RECEIVER)

    assert first_output(project) == (
        f"{'PROJECT SIGNALS':<78} 1 signal · 1 receiver\n"
        f"\n{SIGNAL_LINE}{UNSENT}"
        f"{f'{RECEIVER_LINE}  [W019]':<82} shop/signals.py:5\n"
        f"\n{'PROBLEMS':<90} 1 problem\n\n"
        f"W019  {W019}\n"
        "      Import it in ShopConfig.ready(), or set SIGNALTOOLS['AUTODISCOVER'] = "
        "True if signaltools is\n"
        "      installed in production.\n"
    )
    assert f"?: (signaltools.W019) {W019}\n" in run(project, "manage.py", "check")


def test_a_module_of_receivers_that_nothing_imports(project):
    (project / "shop/signals.py").write_text(SIGNAL)
    imports = (
        "from django.dispatch import receiver\n\nfrom .signals import order_paid\n"
    )
    (project / "shop/receivers.py").write_text(imports + RECEIVER)

    assert first_output(project) == (
        f"{'PROJECT SIGNALS':<55} 1 signal · 0 receivers · 1 without receivers\n"
        f"\n{SIGNAL_LINE}{UNSENT}      no receivers\n"
        f"\n{'PROBLEMS':<90} 1 problem\n\n"
        "W005  The module 'shop.receivers' connects 1 receiver to signals, but it was "
        "never imported:\n"
        "      'shop.receivers.send_receipt'.\n"
        "      Import it in the ready() method of 'shop.apps.ShopConfig'.\n"
    )


def test_a_project_that_imports_its_receivers(project):
    (project / "shop/signals.py").write_text(SIGNAL + RECEIVER)
    with (project / "shop/apps.py").open("a") as config:
        config.write("\n    def ready(self):\n        from . import signals\n")

    assert first_output(project) == (
        f"{'PROJECT SIGNALS':<78} 1 signal · 1 receiver\n"
        f"\n{SIGNAL_LINE}{UNSENT}"
        f"{RECEIVER_LINE:<82} shop/signals.py:5\n"
    )
