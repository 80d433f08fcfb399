"""
Admin of the stock.
"""

from django.contrib import admin

from .models import StockLevel


@admin.register(StockLevel)
class StockLevelAdmin(admin.ModelAdmin):
    list_display = ["product", "available"]
    list_editable = ["available"]
