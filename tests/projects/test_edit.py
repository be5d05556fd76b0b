"""The edit page as owner, trusted committer, administrator, stranger and anonymous."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from projects.fields import Source, set_source
from projects.models import Access, CatalogEntry, FieldValue, FormerSlug, Project, Role
from tests.conftest import make_user
from tests.projects.catalog_data import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(team):
    project = listed("billing", owner=team, name="Billing", tagline="Sends invoices.")
    values = {"name": ("Billing", "README.md"), "tagline": ("Sends invoices.", "README.md")}
    set_source(project, Source.DERIVED, values)
    return project


@pytest.fixture
def committer(project, other_team):
    person = make_user("tessa", other_team)
    Role.objects.create(project=project, user=person, kind=Role.Kind.TRUSTED_COMMITTER)
    return person


def address(name, *extra):
    return reverse(f"projects:{name}", args=["billing", *extra])


def as_seen(client):
    """What a browser would send back when nothing was typed."""
    form = client.get(address("edit")).context["fields_form"]
    data = {}
    for bound in form:
        value = bound.value()
        initial = f"initial-{bound.name}"
        if isinstance(value, bool):
            if value:
                data |= {bound.name: "on", initial: "True"}
            else:
                data[initial] = "False"
        else:
            data |= {bound.name: value, initial: value}
    return data


class TestWho:
    VERBS = (
        ("edit", (), {"tagline": "x"}),
        ("back", ("tagline",), {}),
        ("rename", (), {"slug": "new"}),
        ("owner", (), {"owner": "", "visibility": "restricted"}),
        ("access_add", (), {"person": "sam"}),
        ("role_add", (), {"person": "sam", "kind": "owner"}),
    )

    def untouched(self):
        project = Project.objects.get()
        assert (project.slug, project.tagline, project.visibility) == ("billing", "Sends invoices.", "internal")
        assert not FieldValue.objects.filter(source="edited").exists() and not AuditEvent.objects.exists()
        assert not Access.objects.exists()

    def test_a_stranger_may_not(self, client, project, stranger):
        client.force_login(stranger)
        assert client.get(address("edit")).status_code == 403
        for name, extra, data in self.VERBS:
            assert client.post(address(name, *extra), data).status_code == 403
        self.untouched()

    def test_for_a_stranger_a_restricted_project_is_not_there(self, client, project, stranger):
        Project.objects.update(visibility="restricted")
        client.force_login(stranger)
        assert client.get(address("edit")).status_code == 404
        for name, extra, data in self.VERBS:
            assert client.post(address(name, *extra), data).status_code == 404
        assert client.post(address("star"), {"on": "1"}).status_code == 404
        assert client.post(address("follow"), {"on": "1"}).status_code == 404

    def test_anonymous_is_sent_to_sign_in(self, client, project, settings):
        for name, extra, data in self.VERBS:
            assert client.post(address(name, *extra), data).status_code == 302
        settings.ANONYMOUS_READ = True
        assert client.get(address("edit")).status_code == 403
        assert client.post(address("star"), {"on": "1"}).status_code == 302
        self.untouched()

    def test_maintainers_may_but_not_what_is_for_administrators(self, client, project, owner, committer):
        for person in (owner, committer):
            client.force_login(person)
            response = client.get(address("edit"))
            assert response.status_code == 200
            assert b"Who may read it" not in response.content
            for name, data in (("owner", {"visibility": "restricted"}), ("access_add", {"person": "sam"})):
                assert client.post(address(name), data).status_code == 403
        self.untouched()

    def test_wrong_verbs(self, client, project, owner):
        client.force_login(owner)
        for name, extra, _ in self.VERBS[1:]:
            assert client.get(address(name, *extra)).status_code == 405
        assert client.put(address("edit")).status_code == 405
        assert client.get(address("star")).status_code == 405


class TestEdit:
    def test_shows_where_values_come_from(self, client, project, owner):
        client.force_login(owner)
        text = client.get(address("edit")).content.decode()
        assert "Derived from README.md" in text and "Back to derived" not in text

    def test_only_what_was_changed_becomes_an_edit(self, client, project, owner):
        client.force_login(owner)
        data = as_seen(client) | {"tagline": "Bills everybody.", "topics": "Money, Night", "welcomes": "on"}
        response = client.post(address("edit"), data, follow=True)
        assert response.redirect_chain == [(address("edit"), 302)]
        project.refresh_from_db()
        assert (project.tagline, project.name, project.welcomes) == ("Bills everybody.", "Billing", True)
        edited = FieldValue.objects.filter(source="edited")
        assert {row.field for row in edited} == {"tagline", "topics", "welcomes"}
        text = response.content.decode()
        assert "Edited here by Olga" in text and "Derived from README.md: <q>Sends invoices.</q>" in text
        assert CatalogEntry.objects.get().topics == ["money", "night"]

    def test_nothing_typed_changes_nothing(self, client, project, owner):
        client.force_login(owner)
        client.post(address("edit"), as_seen(client))
        assert not FieldValue.objects.filter(source="edited").exists()

    def test_a_sync_meanwhile_is_not_taken_for_an_edit(self, client, project, owner):
        client.force_login(owner)
        data = as_seen(client)
        Project.objects.update(tagline="Newer words.")
        client.post(address("edit"), data)
        assert not FieldValue.objects.filter(source="edited").exists()

    def test_back_to_derived_in_one_click(self, client, project, owner):
        client.force_login(owner)
        client.post(address("edit"), as_seen(client) | {"tagline": "Mine."})
        assert address("back", "tagline") in client.get(address("edit")).content.decode()
        client.post(address("back", "tagline"))
        project.refresh_from_db()
        assert project.tagline == "Sends invoices."
        assert client.post(address("back", "nonsense")).status_code == 404

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 201),
            ("tagline", "x" * 401),
            ("homepage", "javascript:alert(1)"),
            ("topics", " ".join(f"t{number}" for number in range(30))),
            ("lifecycle", "soon"),
            ("motivation", "x" * 4001),
        ],
    )
    def test_invalid_is_422_at_the_place_and_saves_nothing(self, client, project, owner, field, value):
        client.force_login(owner)
        response = client.post(address("edit"), as_seen(client) | {"chat": "https://chat.example/", field: value})
        assert response.status_code == 422
        assert field in response.context["fields_form"].errors
        assert not FieldValue.objects.filter(source="edited").exists()

    def test_markup_is_text(self, client, project, owner):
        client.force_login(owner)
        client.post(address("edit"), as_seen(client) | {"tagline": "<script>alert(1)</script>"})
        text = client.get(reverse("pages:project", args=["billing"])).content.decode()
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


class TestRename:
    def test_the_old_address_leads_to_the_new_one(self, client, project, owner, committer):
        client.force_login(committer)
        assert client.post(address("rename"), {"slug": "invoices"})["Location"] == "/projects/invoices/edit/"
        assert client.get("/projects/billing/")["Location"] == "/projects/invoices/"
        assert AuditEvent.objects.get().changes == {"slug": ["billing", "invoices"]}
        client.post("/projects/invoices/edit/address/", {"slug": "billing"})
        assert client.get("/projects/billing/").status_code == 200

    def test_the_address_of_a_hidden_project_is_not_called_taken(self, client, project, owner, administrator):
        FormerSlug.objects.create(slug="hush", project=listed("secret", visibility="restricted"))
        for editor, wish, answer in (
            (owner, "secret", "secret-2"),
            (owner, "hush", "hush-2"),
            (administrator, "hush", ""),
        ):
            client.force_login(editor)
            response = client.post(f"/projects/{project.slug}/edit/address/", {"slug": wish})
            assert response.get("Location", "") == (f"/projects/{answer}/edit/" if answer else "")
            project.refresh_from_db()

    @pytest.mark.parametrize("slug", ["taken", "was-taken", "register", "Upper", "a b", "", "x" * 101, "../x", "-"])
    def test_unusable_addresses(self, client, project, owner, slug):
        other = listed("taken")
        FormerSlug.objects.create(slug="was-taken", project=other)
        client.force_login(owner)
        response = client.post(address("rename"), {"slug": slug})
        assert response.status_code == 422
        assert response.context["slug_form"].errors
        assert Project.objects.filter(slug="billing").exists()


class TestRoles:
    def test_give_and_end(self, client, project, owner, stranger):
        client.force_login(owner)
        data = {"person": "SAM@example.com", "kind": "trusted-committer"}
        client.post(address("role_add"), data)
        client.post(address("role_add"), data)
        role = Role.objects.get()
        assert (role.user, role.kind) == (stranger, "trusted-committer")
        assert Project.objects.maintainable_by(stranger).exists()
        client.post(address("role_end", role.pk))
        assert not Project.objects.maintainable_by(stranger).exists()
        assert [event.action for event in AuditEvent.objects.order_by("pk")] == [
            "project.role_given",
            "project.role_ended",
        ]

    @pytest.mark.parametrize("data", [{"person": "nobody", "kind": "owner"}, {"person": "sam", "kind": "king"}, {}])
    def test_invalid(self, client, project, owner, stranger, data):
        client.force_login(owner)
        assert client.post(address("role_add"), data).status_code == 422
        assert not Role.objects.exists()

    def test_a_role_of_another_project_is_not_there(self, client, project, owner, stranger):
        role = Role.objects.create(project=listed("other"), user=stranger, kind="owner")
        client.force_login(owner)
        assert client.post(address("role_end", role.pk)).status_code == 404

    def test_who_ends_the_own_role_lands_where_they_may_be(self, client, project, committer):
        Project.objects.update(visibility="restricted")
        client.force_login(committer)
        response = client.post(address("role_end", Role.objects.get().pk), follow=True)
        assert response.status_code == 200


class TestOwner:
    def test_administrators_set_owner_and_visibility(self, client, project, administrator, other_team, stranger):
        client.force_login(administrator)
        client.post(address("owner"), {"owner": other_team.pk, "visibility": "restricted"})
        project.refresh_from_db()
        assert (project.owner, project.visibility) == (other_team, "restricted")
        assert CatalogEntry.objects.get().restricted is True
        changes = {"owner": ["payments", "logistics"], "visibility": ["internal", "restricted"]}
        events = AuditEvent.objects.filter(action__in=["project.owner_set", "project.visibility_set"])
        assert {name: value for event in events for name, value in event.changes.items()} == changes
        assert client.post(address("owner"), {"owner": "", "visibility": "public"}).status_code == 422

    def test_access_is_given_and_taken(self, client, project, administrator, stranger, other_team):
        Project.objects.update(visibility="restricted")
        client.force_login(administrator)
        client.post(address("access_add"), {"team": other_team.pk})
        client.post(address("access_add"), {"team": other_team.pk})
        assert Project.objects.visible_to(stranger).exists()
        client.post(address("access_remove", Access.objects.get().pk))
        assert not Project.objects.visible_to(stranger).exists()
        assert client.post(address("access_add"), {}).status_code == 422
        assert client.post(address("access_add"), {"team": other_team.pk, "person": "sam"}).status_code == 422
