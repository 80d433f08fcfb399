"""
The signals of django-organizations, declared as events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser

from signaltools import event

# The models import this module, to send the events.
if TYPE_CHECKING:
    from .base import (
        AbstractBaseInvitation,
        AbstractBaseOrganization,
        AbstractBaseOrganizationUser,
    )


@event
def user_added(sender: AbstractBaseOrganization, *, user: AbstractBaseUser) -> None:
    """
    Sent by an organization after ``add_user()`` has added a user to it.
    """


@event
def user_removed(sender: AbstractBaseOrganization, *, user: AbstractBaseUser) -> None:
    """
    Sent by an organization after ``remove_user()`` has removed a user from it.
    """


@event
def invitation_accepted(sender: AbstractBaseInvitation) -> None:
    """
    Sent by an invitation, according to the documentation; version 2.7.0 never does it.
    """


@event
def owner_changed(
    sender: AbstractBaseOrganization,
    *,
    old: AbstractBaseOrganizationUser,
    new: AbstractBaseOrganizationUser,
) -> None:
    """
    Sent by an organization after ``change_owner()`` has given it another owner.
    """
