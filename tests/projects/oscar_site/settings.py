from common_settings import *  # noqa: F403
from common_settings import DJANGO_APPS
from oscar.defaults import *  # noqa: F403

DASHBOARD = {
    "Catalogue": "catalogue",
    "Communications": "communications",
    "Offers": "offers",
    "Orders": "orders",
    "Pages": "pages",
    "Partners": "partners",
    "Ranges": "ranges",
    "Reports": "reports",
    "Reviews": "reviews",
    "Shipping": "shipping",
    "Users": "users",
    "Vouchers": "vouchers",
}
APPS = {
    "Address": "address",
    "Analytics": "analytics",
    "Basket": "basket",
    "Catalogue": "catalogue",
    "CatalogueReviews": "catalogue.reviews",
    "Checkout": "checkout",
    "Communication": "communication",
    "Customer": "customer",
    "Dashboard": "dashboard",
    "Offer": "offer",
    "Order": "order",
    "Partner": "partner",
    "Payment": "payment",
    "Search": "search",
    "Shipping": "shipping",
    "Voucher": "voucher",
    "Wishlists": "wishlists",
    **{f"{name}Dashboard": f"dashboard.{module}" for name, module in DASHBOARD.items()},
}
INSTALLED_APPS = [
    "signaltools",
    *DJANGO_APPS,
    "django.contrib.sites",
    "django.contrib.flatpages",
    "oscar.config.Shop",
    *(f"oscar.apps.{module}.apps.{name}Config" for name, module in APPS.items()),
    "widget_tweaks",
    "haystack",
    "treebeard",
    "django_tables2",
]
HAYSTACK_CONNECTIONS = {
    "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"},
}
SITE_ID = 1
