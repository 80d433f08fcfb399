"""
URLs of the showroom.
"""

from django.urls import path

from . import views

app_name = "showroom"

urlpatterns = [
    path("", views.index, name="index"),
    path("quiet/", views.quiet, name="quiet"),
    path("checkout/", views.checkout, name="checkout"),
    path("bulk/", views.bulk, name="bulk"),
    path("prices/", views.prices, name="prices"),
]
