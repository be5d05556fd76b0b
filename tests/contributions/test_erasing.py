"""What erasing somebody does to requests: no name stays, and the change still lands."""

import pytest
from django.apps import apps

from accounts.models import User
from activity import erasure
from activity.models import Identity, Person
from contributions import erasing, requests
from contributions.checking import try_patch
from contributions.models import Manager, RequestVersion, TimelineEntry
from contributions.requests import Wish
from gitstore.patch_mails import read_patches
from tests.contributions.conftest import text

SEVEN, NAME, EMAIL = "seven is the line now", "Zoë Quietly", "zoe@x.example"


@pytest.fixture
def zoe(author):
    User.objects.filter(pk=author.pk).update(name=NAME, email=EMAIL)
    author.refresh_from_db()
    person = Person.objects.create(key="f" * 40, name=NAME, user=author)
    Identity.objects.create(person=person, key=person.key, digest=b"d" * 20, name=NAME, email=EMAIL)
    return person


def texts():
    rows = (row for model in apps.get_app_config("contributions").get_models() for row in model.objects.values())
    values = (value for row in rows for value in row.values())
    return "\n".join(
        bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
        for value in values
    ).lower()


@pytest.mark.django_db
def test_no_name_stays_and_the_change_still_lands(project, zoe, author, owner, administrator, code, patch_of, synced):
    steps = {"src/a.py": text(l7=SEVEN)}, {"AUTHORS": "somebody else\n", "src/b.py": "b = 'a line that is long'\n"}
    patch = patch_of(*steps, message=f"Count\n\nSigned-off-by: {NAME} <{EMAIL}>\n")
    patch = patch.replace(b"From: Erin <erin@example.com>", b"From: =?UTF-8?q?Zo=C3=AB?= Quietly <zoe@x.example>")
    request = requests.offer(project, author, Wish("Count", f"Asks {NAME}"), try_patch(project.repository, patch))
    requests.comment(request, owner, f"Thank you, {NAME}, mail {EMAIL}", maintains=True)
    Manager.objects.create(person=author, manager=owner)
    before = RequestVersion.objects.get()
    assert EMAIL in texts() and "quietly" in texts()
    erasure.erase(zoe.pk, administrator, also=erasing.erase)
    left = texts()
    assert EMAIL not in left and "quietly" not in left and "zo=c3=ab" not in left
    after = RequestVersion.objects.get()
    assert (after.ids, after.diff) == (before.ids, before.diff)
    mails = read_patches(bytes(after.patch))
    assert [mail.diff for mail in mails] == [mail.diff for mail in read_patches(patch)]
    assert f"Signed-off-by: Erased person {zoe.pk}" in mails[0].message
    assert f"Erased person {zoe.pk}" in TimelineEntry.objects.get(kind="comment").text
    assert not Manager.objects.exists()
    code.commit({"README.md": "elsewhere\n"})
    synced()  # tried again, from what is stored
    for files in steps:
        code.commit(files)
    assert synced() == 1


def test_patches_of_others_stay_as_they_are(db, zoe, code, patch_of):
    found = erasure.known(zoe)
    patch = patch_of({"src/a.py": text(l7=SEVEN)})
    assert erasing.without_person(patch, erasure.Scrubber(found, "Erased person 1"), "x@erased.invalid") is patch
