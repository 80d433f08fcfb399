"""
Test that every page answers, and reports errors instead of failing.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from shop.models import Order
from shop.services import pay_order

pytestmark = pytest.mark.django_db

CUSTOMER = {"customer": "Grace Hopper", "email": "grace@example.com"}


def test_home_of_an_empty_shop_names_the_command_that_fills_it(client):
    assertContains(client.get("/"), "python manage.py demo_data")


def test_home_shows_products_orders_and_what_to_try(client, order):
    response = client.get("/")
    assertContains(response, "Brass ruler")
    assertContains(response, "8 in stock")
    assertContains(response, f"/orders/{order.pk}/")
    assertContains(response, "python manage.py", count=6)
    for path in ("/panel/", "/mistakes/"):
        assertContains(response, f'href="{path}"')


def pages(patterns, prefix=""):
    """
    Yield the route of each page, except those of the admin and the toolbar.

    The routes of pages end with a slash, those of files don't.
    """
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if route.endswith("/") or not route:
                yield route
        elif pattern.namespace not in ("admin", "djdt"):
            yield from pages(pattern.url_patterns, route)


@pytest.mark.parametrize("route", [*pages(get_resolver().url_patterns)])
def test_every_page_answers(client, order, route):
    product = order.lines.get().product
    pk = product.pk if route.startswith("products/") else order.pk
    path = "/" + route.replace("<int:pk>", str(pk))
    response = client.get(path)
    if response.status_code == 405:
        response = client.post(path, follow=True)
    assert response.status_code == 200


def test_the_pages_are_found():
    found = set(pages(get_resolver().url_patterns))
    assert found >= {"", "orders/<int:pk>/", "panel/checkout/", "mistakes/"}


def test_a_product_without_a_stock_level_is_out_of_stock(client, product):
    product.stock.delete()
    assertContains(client.get("/"), "Out of stock")
    assertContains(client.get(f"/products/{product.pk}/order/"), "0 in stock")


def test_placing_an_order_leads_to_its_page(client, product):
    url = f"/products/{product.pk}/order/"
    assert client.get(url).status_code == 200
    response = client.post(url, {**CUSTOMER, "quantity": 3}, follow=True)
    assertRedirects(response, f"/orders/{Order.objects.get().pk}/")
    assertContains(response, "Thank you, your order has been placed.")


def test_placing_more_than_is_in_stock_shows_an_error(client, product):
    url = f"/products/{product.pk}/order/"
    response = client.post(url, {**CUSTOMER, "quantity": 11})
    assertContains(response, "Not enough in stock for 11 x Brass ruler.")
    assert not Order.objects.exists()


@pytest.mark.parametrize("quantity", ["", "0", "-1", "one", "9" * 30])
def test_an_impossible_quantity_is_shown_with_the_form(client, product, quantity):
    url = f"/products/{product.pk}/order/"
    response = client.post(url, {**CUSTOMER, "quantity": quantity})
    assertContains(response, "errorlist")
    assert not Order.objects.exists()


def test_an_order_page_shows_audit_stock_and_versions(client, order):
    response = client.get(f"/orders/{order.pk}/")
    assertContains(response, "<strong>created</strong>", html=True)
    assertContains(response, '<td class="number">8</td>', html=True)
    assertContains(response, "1 version of this order")


def test_paying_leads_back_to_the_order(client, order):
    url = f"/orders/{order.pk}/"
    assertContains(client.get(url), f"{url}pay/")
    response = client.post(f"{url}pay/", follow=True)
    assertRedirects(response, url)
    assertContains(response, "The order has been paid.")
    assertNotContains(response, f"{url}pay/")


def test_paying_twice_shows_an_error(client, order):
    pay_order(order)
    response = client.post(f"/orders/{order.pk}/pay/", follow=True)
    assertContains(response, f"Order {order.pk} is already paid.")


def test_cancelling_leads_back_to_the_order(client, order, available):
    response = client.post(f"/orders/{order.pk}/cancel/", follow=True)
    assertContains(response, "The order has been cancelled.")
    assertNotContains(response, f"/orders/{order.pk}/cancel/")
    assert available() == 10


def test_cancelling_twice_shows_an_error(client, order):
    client.post(f"/orders/{order.pk}/cancel/", follow=True)
    response = client.post(f"/orders/{order.pk}/cancel/", follow=True)
    assertContains(response, f"Order {order.pk} is already cancelled.")


@pytest.mark.parametrize("pk", [404, 10**30])
def test_missing_objects_are_not_found(client, pk):
    assert client.get(f"/orders/{pk}/").status_code == 404
    assert client.get(f"/products/{pk}/order/").status_code == 404
    assert client.post(f"/orders/{pk}/pay/").status_code == 404
    assert client.post(f"/orders/{pk}/cancel/").status_code == 404


def test_orders_change_by_post_only(client, order):
    assert client.get(f"/orders/{order.pk}/pay/").status_code == 405
    assert client.get(f"/orders/{order.pk}/cancel/").status_code == 405
    assert client.post("/").status_code == 405


def test_buttons_are_protected_against_forgery(order):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/orders/{order.pk}/pay/").status_code == 403


def test_names_are_escaped(client, order):
    order.customer = "<script>alert(1)</script>"
    order.save()
    assertNotContains(client.get("/"), "<script>")
    assertNotContains(client.get(order.get_absolute_url()), "<script>")


@pytest.mark.usefixtures("order")
def test_admin_pages_answer(client, admin_user):
    client.force_login(admin_user)
    page = client.get("/admin/").content.decode()
    links = {*re.findall(r'href="(/admin/\w+/\w+/(?:add/)?)"', page)}
    assert {"/admin/shop/order/", "/admin/shop/product/add/"} <= links
    for link in links:
        assert client.get(link).status_code == 200


def test_admin_shows_an_order_and_its_history(client, admin_user, order):
    client.force_login(admin_user)
    url = f"/admin/shop/order/{order.pk}"
    assert client.get(f"{url}/change/").status_code == 200
    assert client.get(f"{url}/history/").status_code == 200
