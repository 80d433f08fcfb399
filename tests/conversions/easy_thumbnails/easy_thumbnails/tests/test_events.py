"""
What the package asserts about its signals by hand, with ``signaltools.testing``.
"""

from django.core.checks import run_checks
from django.core.files.base import ContentFile
from easy_thumbnails.files import get_thumbnailer
from easy_thumbnails.options import ThumbnailOptions
from easy_thumbnails.signals import saved_file, thumbnail_created, thumbnail_missed
from easy_thumbnails.tests import utils
from easy_thumbnails.tests.models import Profile

from signaltools.testing import assert_not_sent, assert_sent, capture


class EventsTests(utils.BaseTest):
    def setUp(self):
        super().setUp()
        storage = utils.TemporaryStorage()
        self.addCleanup(storage.delete_temporary_storage)
        name = self.create_image(storage, "test.jpg")
        self.thumbnailer = get_thumbnailer(storage, name)
        self.thumbnailer.thumbnail_storage = storage
        self.options = {"size": (10, 20)}

    def test_creating_a_thumbnail_sends_thumbnail_created(self):
        with capture(thumbnail_created, thumbnail_missed) as sent:
            thumbnail = self.thumbnailer.get_thumbnail(self.options)
        assert [(s.signal, s.sender) for s in sent] == [(thumbnail_created, thumbnail)]

    def test_missing_a_thumbnail_sends_thumbnail_missed(self):
        expected = {"options": ThumbnailOptions(self.options)}
        with assert_sent(thumbnail_missed, expected, times=1, sender=self.thumbnailer):
            self.thumbnailer.get_thumbnail(self.options, generate=False)

    def test_finding_a_thumbnail_sends_nothing(self):
        self.thumbnailer.get_thumbnail(self.options)
        with assert_not_sent(thumbnail_created), assert_not_sent(thumbnail_missed):
            self.thumbnailer.get_thumbnail(self.options, generate=False)

    def test_thumbnail_missed_takes_prepared_options(self):
        message = (
            "thumbnail_missed.send() argument 'options' must be ThumbnailOptions, "
            "not dict."
        )
        with self.assertRaisesMessage(TypeError, message):
            thumbnail_missed.send(self.thumbnailer, options=self.options)

    def test_saving_an_object_sends_saved_file_for_each_new_file(self):
        profile = Profile(logo=ContentFile(b"", "logo.txt"))
        with assert_sent(
            saved_file, {"fieldfile": profile.logo}, times=1, sender=Profile
        ):
            profile.save()

    def test_saving_only_the_field_does_not_send_saved_file(self):
        profile = Profile.objects.create()
        profile.logo = ContentFile(b"", "logo.txt")
        with assert_not_sent(saved_file):
            profile.save(update_fields=["logo"])

    def test_checks_find_no_problem(self):
        assert run_checks(tags=["signals"]) == []
