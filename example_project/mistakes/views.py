"""
One page: each mistake, what signaltools says about it, and the correct code.
"""

from __future__ import annotations

from django.core.checks import CheckMessage, run_checks
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from signaltools.checks.watch import is_watching

from .catalog import MISTAKES


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    found = run_checks(tags=["signals"])
    context = {
        "is_watching": is_watching(),
        "mistakes": [(each, messages(found, each.id)) for each in MISTAKES],
    }
    return render(request, "mistakes/index.html", context)


def messages(found: list[CheckMessage], check: str) -> list[CheckMessage]:
    """
    Return what a system check has found in this app.
    """
    return [
        message
        for message in found
        if message.id == f"signaltools.{check}" and "'mistakes." in message.msg
    ]
