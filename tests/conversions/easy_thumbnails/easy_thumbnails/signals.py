"""
The signals of easy-thumbnails, declared as events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Model
from django.db.models.fields.files import FieldFile

from signaltools import event

# The module with these classes imports this one, to send the events.
if TYPE_CHECKING:
    from .files import Thumbnailer, ThumbnailFile
    from .options import ThumbnailOptions


@event
def saved_file(sender: type[Model], *, fieldfile: FieldFile) -> None:
    """
    Sent by a model for each file that has been stored with an object.
    """


@event
def thumbnail_created(sender: ThumbnailFile) -> None:
    """
    Sent by a thumbnail after it has been generated and stored.
    """


@event
def thumbnail_missed(sender: Thumbnailer, *, options: ThumbnailOptions) -> None:
    """
    Sent by a thumbnailer that must not generate the thumbnail it is asked for.
    """
