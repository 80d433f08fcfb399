"""
What the tests share in which threads race.
"""

import os
import sys
from contextlib import contextmanager

# Each pair of the matrix runs these tests, and threads switch often in them: together
# they try more interleavings than one long run does.
STRESS_SECONDS = float(os.environ.get("SIGNALTOOLS_STRESS_SECONDS", "0.3"))


@contextmanager
def frequent_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
