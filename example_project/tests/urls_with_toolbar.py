"""
The URLs of the project and of the toolbar, which the toolbar leaves out in tests.
"""

from django.urls import include, path

from config import urls

urlpatterns = [
    *urls.urlpatterns,
    path("__debug__/", include("debug_toolbar.urls")),
]
