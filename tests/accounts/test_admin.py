"""What the administration keeps of a change: everything but secrets."""

import json

from accounts.models import AuditEvent, User


class TestPeople:
    def test_the_password_of_a_new_person_is_not_recorded(self, client, administrator):
        client.force_login(administrator)
        words = "Quiet-harbour-81-lamps"
        form = {"username": "newcomer", "password1": words, "password2": words, "usable_password": "true"}
        assert client.post("/admin/accounts/user/add/", form).status_code == 302
        assert User.objects.get(username="newcomer").check_password(words)
        event = AuditEvent.objects.get(action="add", target_name="newcomer")
        assert event.changes["username"] == ["None", "newcomer"]
        assert words not in json.dumps(event.changes)
