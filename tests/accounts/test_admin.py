"""What the administration keeps of a change: everything but secrets."""

import json

from accounts.models import AuditEvent, User


class TestSignIn:
    def test_is_at_the_door_that_counts_attempts(self, client, administrator, owner):
        guess = client.post("/admin/login/", {"username": "root", "password": "correct horse"})
        assert guess.headers["Location"].startswith("/accounts/login/?next=")
        assert client.get("/admin/").status_code == 302
        client.force_login(owner)
        assert client.get("/admin/login/").status_code == 403
        client.force_login(administrator)
        assert client.get("/admin/").status_code == 200


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
