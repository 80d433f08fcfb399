from __future__ import annotations

from django.core.checks import Error, run_checks
from django.test import override_settings


def check(**settings: object) -> list[Error]:
    with override_settings(SIGNALTOOLS=settings):
        return run_checks(tags=["signals"])


def test_E001_unknown_setting_suggests_the_nearest():  # noqa: N802
    assert check(AUTODISCOVRE=True) == [
        Error(
            "Unknown setting 'AUTODISCOVRE' in SIGNALTOOLS.",
            hint="Did you mean 'AUTODISCOVER'?",
            id="signaltools.E001",
        )
    ]


def test_E001_unknown_setting_like_no_other_gets_the_whole_list():  # noqa: N802
    [error] = check(COLOUR="red")
    assert error.hint == (
        "Known: AUTODISCOVER, AUTODISCOVER_EXCLUDE, AUTODISCOVER_MODULES."
    )


def test_E001_a_key_that_is_no_string_is_quoted():  # noqa: N802
    with override_settings(SIGNALTOOLS={1: True}):
        [error] = run_checks(tags=["signals"])
    assert error.msg == "Unknown setting 1 in SIGNALTOOLS."


def test_E001_known_settings_are_fine():  # noqa: N802
    assert check(AUTODISCOVER=True, AUTODISCOVER_EXCLUDE=["shop"]) == []
