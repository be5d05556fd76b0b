"""What people are told, and that nobody is told of what they may not read."""

import pytest

from accounts.models import KindChoice, Mail, Notification, User
from accounts.notifications import KINDS, notify
from projects.models import Access, Project
from tests.conftest import make_user
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db


def tell(*people, **fields):
    fields = {
        "kind": "request-offered",
        "title": "Sam offers a change to Billing",
        "url": "/requests/1/",
        "reason": "you maintain Billing",
    } | fields
    return notify(people, **fields)


class TestNotify:
    def test_writes_a_row_and_a_mail_to_be_sent(self, owner, stranger):
        assert tell(owner, stranger, actor=stranger) == 1
        row = Notification.objects.get()
        assert (row.user, row.way, row.read_at, row.mail.state) == (owner, "now", None, "waiting")

    def test_tells_nobody_twice_and_nobody_who_left(self, owner):
        gone = make_user("gone", is_active=False)
        assert tell(owner, owner, gone) == 1

    def test_follows_what_people_chose(self, owner, stranger, administrator):
        quiet = make_user("quiet")
        for user, way in ((owner, "daily"), (stranger, "here"), (quiet, "never")):
            KindChoice.objects.create(user=user, kind="request-offered", way=way)
        assert tell(owner, stranger, quiet, administrator) == 3
        assert Mail.objects.get().user == administrator
        assert set(Notification.objects.values_list("user__username", "way")) == {
            ("olga", "daily"),
            ("sam", "here"),
            ("root", "now"),
        }

    def test_tells_only_those_who_may_read_the_project(self, owner, stranger, team, administrator):
        secret = make_project("secret", owner=team, visibility="restricted")
        guest = make_user("guest")
        Access.objects.create(project=secret, user=guest)
        assert tell(owner, stranger, guest, administrator, project=secret) == 3
        assert not Notification.objects.filter(user=stranger).exists()
        Project.objects.filter(pk=secret.pk).update(visibility="internal")
        assert tell(stranger, project=secret) == 1

    def test_costs_the_same_for_many(self, db, django_assert_num_queries):
        open_one = make_project("open-one")
        people = [make_user(f"u{number}") for number in range(20)]
        with django_assert_num_queries(6):  # the project, the choices, two inserts, and a savepoint around them
            tell(*people, project=open_one)
        assert User.objects.filter(notifications__project=open_one).count() == 20

    @pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
    def test_leads_nowhere_else(self, owner, url):
        with pytest.raises(ValueError, match="within the portal"):
            tell(owner, url=url)

    def test_kinds_are_known_by_their_names(self, owner):
        with pytest.raises(KeyError):
            tell(owner, kind="nonsense")
        assert all(name == kind.name and kind.label and kind.explained for name, kind in KINDS.items())

    def test_long_and_odd_words_are_cut(self, owner):
        tell(owner, title="a\n\0b " + "x" * 500, text="\0" + "y" * 5000)
        row = Notification.objects.get()
        assert row.title.startswith("a b x") and row.title.endswith("…") and len(row.title) == 300
        assert row.text == "y" * 2000
