"""
Admin of the shop.
"""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from .models import Order, OrderLine, Product, Tag


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    readonly_fields = ["product", "quantity", "unit_price"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "price"]
    search_fields = ["name"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["__str__", "customer", "status", "placed_at"]
    list_filter = ["status", "tags"]
    # A status that is changed here wouldn't send any signals; the services send them.
    readonly_fields = ["status"]
    inlines = [OrderLineInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


admin.site.register(Tag)
