"""
What the package asserts about its signals by hand, with ``signaltools.testing``.
"""

from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import TestCase
from organizations.models import Organization
from organizations.signals import (
    invitation_accepted,
    owner_changed,
    user_added,
    user_removed,
)
from test_accounts.models import Account, AccountInvitation

from signaltools.testing import assert_not_sent, assert_sent


class EventsTests(TestCase):
    fixtures = ["users.json", "orgs.json"]

    def setUp(self):
        self.krist = User.objects.get(username="krist")
        self.dave = User.objects.get(username="dave")
        self.foo = Organization.objects.get(name="Foo Fighters")
        self.nirvana = Organization.objects.get(name="Nirvana")

    def test_adding_a_user_sends_user_added(self):
        with assert_sent(user_added, {"user": self.krist}, times=1, sender=self.foo):
            self.foo.add_user(self.krist)

    async def test_adding_a_user_in_a_coroutine_sends_user_added(self):
        with assert_sent(user_added, {"user": self.krist}, times=1, sender=self.foo):
            await self.foo.aadd_user(self.krist)

    def test_getting_a_member_does_not_send_user_added(self):
        with assert_not_sent(user_added):
            self.foo.get_or_add_user(self.dave)

    def test_removing_a_user_sends_user_removed(self):
        self.foo.add_user(self.krist)
        with assert_sent(user_removed, {"user": self.krist}, times=1, sender=self.foo):
            self.foo.remove_user(self.krist)

    def test_changing_the_owner_sends_owner_changed(self):
        members = self.nirvana.organization_users
        old = members.get(user__username="kurt")
        new = members.get(user__username="krist")
        with assert_sent(
            owner_changed, {"old": old, "new": new}, times=1, sender=self.nirvana
        ):
            self.nirvana.change_owner(new)

    def test_accepting_an_invitation_does_not_send_invitation_accepted(self):
        account = Account.objects.create(name="Acme")
        invitation = AccountInvitation.objects.create(
            invitee_identifier="krist@example.com",
            invited_by=self.dave,
            organization=account,
        )
        with (
            assert_sent(user_added, {"user": self.krist}, times=1, sender=account),
            assert_not_sent(invitation_accepted),
        ):
            invitation.activate(self.krist)

    def test_owner_changed_takes_members_of_the_organization_not_users(self):
        member = self.nirvana.organization_users.get(user=self.krist)
        message = (
            "owner_changed.send() argument 'old' must be "
            "AbstractBaseOrganizationUser, not django.contrib.auth.models.User."
        )
        with self.assertRaisesMessage(TypeError, message):
            owner_changed.send(self.nirvana, old=self.krist, new=member)

    def test_checks_find_no_problem(self):
        assert run_checks(tags=["signals"]) == []
