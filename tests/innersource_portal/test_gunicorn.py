from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from innersource_portal import gunicorn
from projects.catalog.index import INDEX
from projects.models import CatalogClock
from tests.projects.catalog_data import listed


class TestPostWorkerInit:
    def test_the_first_page_finds_the_catalog_read(self, client, administrator, monkeypatch):
        monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction
        listed("ledger")
        INDEX.forget()
        gunicorn.post_worker_init(None)
        assert INDEX.version == CatalogClock.objects.get().value
        client.force_login(administrator)
        with CaptureQueriesContext(connection) as captured:
            assert b"ledger" in client.get(reverse("projects:catalog")).content
        assert not [query["sql"] for query in captured if 'version" >' in query["sql"]]

    def test_a_database_that_is_away_ends_nothing(self, db, monkeypatch, caplog):
        def away():
            raise DatabaseError("no connection")

        monkeypatch.setattr(connection, "close", lambda: None)
        monkeypatch.setattr(INDEX, "update", away)
        gunicorn.post_worker_init(None)
        assert "no connection" in caplog.text
