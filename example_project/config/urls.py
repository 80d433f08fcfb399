"""
URLs of the example project.
"""

from debug_toolbar.toolbar import debug_toolbar_urls
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("shop.urls")),
    path("panel/", include("showroom.urls")),
    path("mistakes/", include("mistakes.urls")),
    *debug_toolbar_urls(),
]
