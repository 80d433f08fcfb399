"""
URL of the mistakes.
"""

from django.urls import path

from . import views

app_name = "mistakes"

urlpatterns = [path("", views.index, name="index")]
