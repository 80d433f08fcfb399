"""
URLs of the example project.
"""

from debug_toolbar.toolbar import debug_toolbar_urls
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("shop.urls")),
    path("panel/", include("showroom.urls")),
    path("mistakes/", include("mistakes.urls")),
    # Browsers request this path for pages without an icon, such as those of the admin.
    path("favicon.ico", RedirectView.as_view(url="/static/shop/icon.svg")),
    *debug_toolbar_urls(),
]
