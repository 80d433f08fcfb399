"""
Be the manage.py of both: `cd wagtail_site; PYTHONPATH=. python ../manage_site.py`.

Not called manage.py, because pytest-django would take this folder for its own project.
"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    execute_from_command_line(sys.argv)
