"""Several sources, one value in force."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from projects.fields import FIELDS, Source, back_to_derived, clean_value, resolve, set_edited, set_source
from projects.models import CatalogEntry, FieldValue
from tests.conftest import make_user
from tests.projects.catalog_data import make_project


@pytest.fixture
def project(db):
    return make_project("billing", topics=(), name="billing")


@pytest.fixture
def editor(db):
    return make_user("eda")


@pytest.mark.django_db
class TestStrength:
    def test_edited_over_declared_over_derived(self, project, editor):
        set_source(project, Source.DERIVED, {"tagline": ("derived", "README.md")})
        resolve(project)
        assert project.tagline == "derived"
        set_source(project, Source.DECLARED, {"tagline": ("declared", "code.json")})
        resolve(project)
        assert project.tagline == "declared"
        set_edited(project, "tagline", "edited", editor)
        assert project.tagline == "edited"
        set_source(project, Source.DECLARED, {})
        resolve(project)
        assert project.tagline == "edited"
        back_to_derived(project, "tagline", editor)
        assert project.tagline == "derived"

    def test_an_edit_may_empty_a_field(self, project, editor):
        set_source(
            project, Source.DERIVED, {"tagline": ("derived", "README.md"), "welcomes": (True, "CONTRIBUTING.md")}
        )
        set_edited(project, "tagline", "", editor)
        set_edited(project, "welcomes", False, editor)
        assert (project.tagline, project.welcomes) == ("", False)

    def test_a_sync_may_not_write_edits(self, project):
        with pytest.raises(ValueError, match="people"):
            set_source(project, Source.EDITED, {"tagline": ("x", "")})

    def test_unusable_values_are_left_out(self, project):
        values = {"homepage": ("javascript:alert(1)", "f"), "lifecycle": ("soon", "f"), "nonsense": ("x", "f")}
        set_source(project, Source.DECLARED, values | {"tagline": ("  good\n", "f")})
        assert list(FieldValue.objects.values_list("field", "value")) == [("tagline", "good")]

    def test_equal_values_keep_their_date(self, project):
        assert set_source(project, Source.DERIVED, {"tagline": ("one", "README.md")}) is True
        before = FieldValue.objects.get().updated_at
        assert set_source(project, Source.DERIVED, {"tagline": ("one", "README.md")}) is False
        assert FieldValue.objects.get().updated_at == before

    def test_edits_are_audited_and_reach_the_catalog(self, project, editor):
        set_edited(project, "name", "Invoices", editor)
        back_to_derived(project, "name", editor)
        back_to_derived(project, "name", editor)
        events = AuditEvent.objects.order_by("pk")
        assert [(event.action, event.changes, event.actor) for event in events] == [
            ("project.field_edited", {"name": ["billing", "Invoices"]}, editor),
            ("project.field_back_to_derived", {"name": ["Invoices", "billing"]}, editor),
        ]
        set_edited(project, "topics", "b, a", editor)
        assert CatalogEntry.objects.get(pk=project.pk).topics == ["a", "b"]

    def test_every_field_has_a_column(self, project):
        for name in FIELDS:
            assert hasattr(project, name)


class TestCleaning:
    @pytest.mark.parametrize(
        "address",
        [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "ftp://a.example",
            "https://",
            "https://user:secret@a.example/",
            "http://[::1",
            "https://a.example/" + "x" * 1000,
            "https://a.example/ b",
        ],
    )
    @pytest.mark.parametrize("field", ["homepage", "documentation", "chat"])
    def test_bad_addresses(self, field, address):
        with pytest.raises(ValidationError):
            clean_value(field, address)

    def test_good_addresses(self):
        assert clean_value("homepage", " https://a.example/b?c#d ") == "https://a.example/b?c#d"
        assert clean_value("homepage", "") == ""

    @pytest.mark.parametrize(("field", "limit"), [("name", 200), ("tagline", 400), ("kind", 30), ("motivation", 4000)])
    def test_lengths(self, field, limit):
        assert clean_value(field, "x" * limit) == "x" * limit
        with pytest.raises(ValidationError, match=f"at most {limit}"):
            clean_value(field, "x" * (limit + 1))

    def test_text_no_table_takes(self):
        assert clean_value("tagline", "a\x00b\ud800\u202ec\n d") == "ab?c d"

    def test_topics(self):
        assert clean_value("topics", "Go,  HTTP/2; go c++") == ["c++", "go", "http-2"]
        assert clean_value("topics", ["Spaced Out", ""]) == ["spaced-out"]
        for bad in (["x" * 64], [f"t{number}" for number in range(21)]):
            with pytest.raises(ValidationError):
                clean_value("topics", bad)

    def test_a_name_is_needed(self):
        with pytest.raises(ValidationError):
            clean_value("name", " \n")
