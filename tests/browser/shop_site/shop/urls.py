from debug_toolbar.toolbar import debug_toolbar_urls
from django.http import HttpResponse
from django.urls import path

from . import views

urlpatterns = [
    path("favicon.ico", lambda request: HttpResponse(status=204)),
    path("quiet/", views.quiet),
    path("checkout/", views.checkout),
    path("bulk/", views.bulk),
    path("crowd/", views.crowd),
    path("parcels/", views.parcels),
    path("hostile/", views.hostile_names),
    path("json/", views.json),
    path("visit/<int:number>/", views.visit),
    path("visit/async/<int:number>/", views.visit_async),
    path("list_signals/", views.list_signals),
    path("stats/<str:request_id>/", views.stats),
    *debug_toolbar_urls(),
]
