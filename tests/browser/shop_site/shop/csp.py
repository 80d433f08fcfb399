"""
What ``django.middleware.csp`` does since Django 6.0, for earlier versions.
"""

import secrets

from django.conf import settings
from django.utils.deprecation import MiddlewareMixin


class Middleware(MiddlewareMixin):
    def process_request(self, request):
        request.csp_nonce = secrets.token_urlsafe(16)

    def process_response(self, request, response):
        policy = "; ".join(
            " ".join([directive, *values])
            for directive, values in settings.SECURE_CSP.items()
        )
        nonce = f"'nonce-{request.csp_nonce}'"
        response.headers["Content-Security-Policy"] = policy.replace(
            "<CSP_NONCE_SENTINEL>", nonce
        )
        return response
