import asyncio
import json as json_module
import threading
from io import StringIO

from debug_toolbar.store import get_store
from debug_toolbar.utils import get_csp_nonce
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from signaltools.reports.panel_store import unpack

from . import hostile
from .models import Order, Tag
from .signals import crowded, order_lost, order_paid, parcel_sent, visited

VISITORS = 10
_meeting = threading.Barrier(VISITORS)
_async_meeting = None


def page(request, title):
    # Django makes a nonce when a page first needs it, and the toolbar needs it later.
    str(get_csp_nonce(request))
    journal = json_module.dumps(request.journal)
    return render(request, "page.html", {"title": title, "journal": journal})


def quiet(request):
    return page(request, "Quiet")


def checkout(request):
    with transaction.atomic():
        order = Order.objects.create(customer="Ada")
        transaction.on_commit(lambda: order_lost.send(sender=Order))
        order_paid.send_robust(sender=Order, order=order)
    return page(request, "Checkout")


def bulk(request):
    tags = [Tag(id=number, name=f"tag {number}") for number in range(10_000)]
    return page(request, f"{len(tags)} tags")


def crowd(request):
    """
    Make 10,000 instances, and send for 600 senders to a receiver that fails.
    """
    [Tag(id=number) for number in range(10_000)]
    for number in range(600):
        crowded.send_robust(_visitor(number))
    return page(request, "Crowd")


async def parcels(request):
    await parcel_sent.asend(sender=Order, order=1)
    return page(request, "Parcels")


def hostile_names(request):
    hostile.send()
    return page(request, "Hostile names")


def json(request):
    visited.send(sender=_visitor(0))
    return JsonResponse({"visited": True})


def visit(request, number):
    """
    Send signals while nine other requests do, none of which has ended.
    """
    _meeting.wait(30)
    visited.send(sender=_visitor(number), wait=lambda: _meeting.wait(30))
    _meeting.wait(30)
    return page(request, f"Visitor {number}")


async def visit_async(request, number):
    global _async_meeting
    _async_meeting = _async_meeting or asyncio.Barrier(VISITORS)
    visitor = _visitor(number)
    await _async_meeting.wait()
    await visited.asend(sender=visitor)
    await _async_meeting.wait()
    await asyncio.gather(*(visited.asend_robust(sender=visitor) for _ in range(3)))
    await _async_meeting.wait()
    return page(request, f"Visitor {number}")


def _visitor(number):
    return type(f"Visitor{number}", (), {"__module__": "shop.visitors"})


def list_signals(request):
    """
    Answer with what the command says in this process.
    """
    stdout = StringIO()
    call_command("list_signals", "--format", "json", "--all", stdout=stdout)
    return HttpResponse(stdout.getvalue(), content_type="application/json")


def stats(request, request_id):
    """
    Answer with what the toolbar has stored of our panel.
    """
    return JsonResponse(unpack(get_store().panel(request_id, "SignalToolsPanel")))
