"""
What ``--signal-coverage`` costs a suite with 10,000 sends: see ``make bench``.

Like most tests, each of them saves objects in a transaction and requests a page.
"""

from __future__ import annotations

from recording import busy_site, ratio, setup, show, timed


def main() -> None:
    setup(ROOT_URLCONF=__name__)
    client, pages = busy_site()
    globals()["urlpatterns"] = pages

    from django.db import transaction

    import signaltools

    def test() -> None:
        with transaction.atomic():
            client.get("/")
            transaction.set_rollback(True)

    from signaltools.recording.counting import start_counting, stop_counting

    def repeat(times: int) -> float:
        start_counting()
        try:
            return timed(test, times)
        finally:
            stop_counting()

    with signaltools.trace() as trace:
        test()
    sends = trace.totals.sends
    name = f"{10_000 // sends} tests with {sends} sends each, counted"
    show(name, ratio(test, repeat, seconds=10_000 // sends / 1000), 1.05)


if __name__ == "__main__":
    main()
