"""
URLs of the shop.
"""

from django.urls import path

from . import views

app_name = "shop"

urlpatterns = [
    path("", views.home, name="home"),
    path("products/<int:pk>/order/", views.place, name="place"),
    path("orders/<int:pk>/", views.order, name="order"),
    path("orders/<int:pk>/pay/", views.pay, name="pay"),
    path("orders/<int:pk>/cancel/", views.cancel, name="cancel"),
]
