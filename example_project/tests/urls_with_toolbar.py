"""
URLs with those of the toolbar, which it leaves out while tests run.
"""

from django.urls import include, path

from config import urls

urlpatterns = [
    *urls.urlpatterns,
    path("__debug__/", include("debug_toolbar.urls")),
]
