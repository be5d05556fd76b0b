"""What machines ask."""

import os
import time

import pytest
from django.db import connection

from pages import health


class TestHealthz:
    def test_answers_without_any_database(self, client):
        response = client.get("/healthz")
        assert (response.status_code, response.content) == (200, b"ok\n")
        assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
class TestReadyz:
    def test_ready(self, client):
        response = client.get("/readyz")
        assert response.status_code == 200
        assert response.json()["ready"] is True
        assert set(response.json()["checks"].values()) == {"ok"}

    def test_a_missing_migration(self, client):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'activity'")
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "manage.py migrate" in response.json()["checks"]["migrations"]

    def test_no_data_folder(self, client, settings, tmp_path):
        settings.DATA_DIR = tmp_path / "gone"
        body = client.get("/readyz").json()
        assert body["ready"] is False
        assert body["checks"]["data folder"] == "The data folder cannot be written."

    def test_a_full_disk(self, client, monkeypatch):
        monkeypatch.setattr(health, "MIN_FREE_BYTES", 2**70)
        assert "are free" in client.get("/readyz").json()["checks"]["disk"]

    def test_a_silent_worker(self, client, settings):
        beat = settings.DATA_DIR / "worker.heartbeat"
        beat.touch()
        assert client.get("/readyz").status_code == 200
        os.utime(beat, (time.time() - 1000,) * 2)
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "silent" in response.json()["checks"]["worker"]


def test_robots_are_kept_out(client):
    assert "Disallow: /" in client.get("/robots.txt").content.decode()
