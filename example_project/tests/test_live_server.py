"""
Test requests that a live server answers in another thread.
"""

from __future__ import annotations

from urllib.request import urlopen

from django.test import LiveServerTestCase

from showroom.signals import prices_changed
from signaltools.testing import SignalTestCaseMixin, capture, mute


class PricesTests(SignalTestCaseMixin, LiveServerTestCase):
    def change_prices(self):
        with urlopen(f"{self.live_server_url}/panel/prices/", timeout=10) as response:
            page: str = response.read().decode()
            return page

    def test_sends_of_the_server_are_captured_everywhere(self):
        with (
            capture(prices_changed) as here,
            capture(prices_changed, everywhere=True) as everywhere,
        ):
            page = self.change_prices()
        assert (len(here), len(everywhere)) == (0, 1)
        everywhere.assert_sent(prices_changed, {"names": ["Postcard"]})
        assert "showroom.receivers.update_tills" in page

    def test_receivers_of_the_server_are_muted_everywhere(self):
        with mute(prices_changed):
            assert "showroom.receivers.update_tills" in self.change_prices()
        with mute(prices_changed, everywhere=True):
            assert "showroom.receivers" not in self.change_prices()
