"""Stored credentials in the administration: every change is recorded, no secret ever is."""

import json

from accounts.models import AuditEvent
from projects.models import Credential


class TestCredential:
    def test_changes_are_recorded_without_the_secret(self, client, administrator):
        client.force_login(administrator)
        form = {"name": "git.example", "kind": "token", "username": "", "known_hosts": "", "secret": "s3cr3t-token"}
        assert client.post("/admin/projects/credential/add/", form).status_code == 302
        credential = Credential.objects.get()
        assert credential.reveal().secret == "s3cr3t-token"
        change = f"/admin/projects/credential/{credential.pk}/change/"
        assert client.post(change, form | {"secret": "n3w-s3cr3t"}).status_code == 302
        events = AuditEvent.objects.filter(target_type="projects.credential").order_by("pk")
        assert [event.action for event in events] == ["add", "change"]
        assert "s3cr3t" not in json.dumps([event.changes for event in events])
        assert b"s3cr3t" not in client.get(change).content
