import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from projects.models import Credential, Project, Repository
from tests.sync.conftest import build
from tests.sync.test_registration import HOSTILE

REGISTER = "/projects/register/"
WAYS = ("one", "many", "table", "folder")
COMMON = {"visibility": "internal", "team": ""}


@pytest.fixture
def root(client, administrator):
    client.force_login(administrator)
    return client


def post(client, way, **fields):
    return client.post(reverse(f"sync:register_{way}"), COMMON | fields)


class TestRegister:
    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_is_a_page_of_its_own(self, root, way):
        response = root.get(REGISTER, {"way": way})
        assert response.status_code == 200
        assert response.context["way"] == way
        assert b'aria-current="page"' in response.content

    def test_the_url_has_its_name(self):
        assert reverse("sync:register") == REGISTER

    @pytest.mark.parametrize("url", [REGISTER, "/projects/register/check/", "/projects/register/one/"])
    def test_others_only_where_the_setting_allows(self, client, owner, settings, url):
        ask = client.get if url == REGISTER else client.post
        assert ask(url).status_code == 302
        client.force_login(owner)
        assert ask(url).status_code == 403
        settings.REGISTER_OPEN = True
        assert ask(url).status_code in {200, 422}

    def test_people_choose_among_their_own_teams_and_no_stored_credential(self, client, owner, other_team, settings):
        settings.REGISTER_OPEN = True
        Credential.objects.create(name="secret store", kind="token", encrypted=b"x")
        client.force_login(owner)
        page = client.get(REGISTER).content.decode()
        assert "Payments" in page and "Logistics" not in page
        assert "secret store" not in page and "way=folder" not in page
        assert client.post("/projects/register/folder/", {"folder": "/"}).status_code == 403

    def test_wrong_verbs_are_refused(self, root):
        assert root.post(REGISTER).status_code == 405
        assert root.get("/projects/register/one/").status_code == 405


class TestRegisterOne:
    def test_success_leads_to_its_sync_page(self, root, bare, team):
        response = post(root, "one", address=str(bare), team=team.pk, visibility="restricted", slug="bills")
        project = Project.objects.get()
        assert (project.slug, project.owner, project.visibility) == ("bills", team, "restricted")
        assert response.headers["Location"] == f"/sync/{project.repository_id}/"

    @pytest.mark.parametrize("address", HOSTILE)
    def test_hostile_addresses_are_errors_at_the_field(self, root, address):
        response = post(root, "one", address=address)
        assert response.status_code == 422
        assert response.context["form"].errors["address"]
        assert Repository.objects.count() == 0

    @pytest.mark.parametrize("field", ["address", "slug", "branch", "subdirectory", "credential_username"])
    def test_every_field_too_long_or_with_markup(self, root, field):
        for value in ("x" * 50_000, "<script>alert(1)</script>", "\0", "\ud7ff"):
            fields = {"address": "https://git.example/a.git", "credential_kind": "password", "credential_secret": ""}
            response = post(root, "one", **(fields | {field: value}))
            assert response.status_code == 422
            assert b"<script>alert" not in response.content

    def test_a_password_in_the_address_is_kept_encrypted_only(self, root):
        post(root, "one", address="https://ada:s3cr3t@git.example/team/project.git")
        assert Repository.objects.get().clone_url == "https://git.example/team/project.git"
        assert Repository.objects.get().credential.reveal().secret == "s3cr3t"
        for rows in (Repository, Credential, AuditEvent):
            assert "s3cr3t" not in str(list(rows.objects.values_list()))

    def test_a_refused_form_does_not_show_the_secret_again(self, root):
        response = post(
            root,
            "one",
            address="https://ada:s3cr3t@git.example/team/project.git",
            slug="No Good",
            credential_kind="token",
            credential_secret="t0k3n",
        )
        assert response.status_code == 422
        assert b"s3cr3t" not in response.content and b"t0k3n" not in response.content

    def test_a_refused_table_does_not_show_secrets_again(self, root):
        table = "address,team\nhttps://ada:t0k3n@git.example/a.git,x\nhttps://t0k3n@git.example/b.git,y"
        response = post(root, "csv", table=table)
        assert response.status_code == 422
        assert b"t0k3n" not in response.content and b"https://git.example/b.git,y" in response.content

    def test_a_new_credential_is_stored_with_the_repository_only(self, root):
        fields = {"credential_kind": "token", "credential_secret": "t0k3n"}
        post(root, "one", address="ext::sh", **fields)
        assert Credential.objects.count() == 0
        post(root, "one", address="https://git.example/team/project.git", **fields)
        assert Repository.objects.get().credential.reveal().secret == "t0k3n"

    def test_half_a_credential_is_an_error(self, root):
        for fields in (
            {"credential_kind": "token"},
            {"credential_secret": "x"},
            {"credential_kind": "password", "credential_secret": "x"},
        ):
            assert post(root, "one", address="https://git.example/a.git", **fields).status_code == 422

    def test_a_known_address_leads_to_its_page(self, root, project, bare):
        response = post(root, "one", address=f"file://{bare}")
        assert response.status_code == 422
        assert project.get_absolute_url() in response.content.decode()

    def test_a_stranger_learns_nothing_of_a_restricted_one(self, client, stranger, administrator, settings):
        settings.REGISTER_OPEN = True
        client.force_login(administrator)
        post(client, "one", address="https://git.example/team/hidden.git", visibility="restricted", slug="covert")
        client.force_login(stranger)
        page = post(client, "one", address="https://git.example/team/hidden.git").content.decode()
        assert "covert" not in page and "already" not in page


class TestRegisterList:
    def test_each_line_has_its_result(self, root):
        lines = "https://git.example/a.git\n# no\next::sh\nhttps://x:s3cr3t@git.example/b.git\n"
        response = post(root, "list", lines=lines)
        page = response.content.decode()
        assert response.status_code == 200
        assert "2 registered, 1 not" in page and "s3cr3t" not in page
        assert Project.objects.count() == 2

    def test_one_new_credential_serves_all(self, root):
        post(
            root,
            "list",
            lines="https://git.example/a\nhttps://git.example/b",
            credential_kind="token",
            credential_secret="t",
        )
        assert Credential.objects.count() == 1
        assert set(Repository.objects.values_list("credential", flat=True)) == {Credential.objects.get().pk}


class TestRegisterCsv:
    def test_a_file_is_read(self, root, team):
        upload = SimpleUploadedFile("all.csv", b"url,team\nhttps://git.example/a.git,payments\n")
        assert post(root, "csv", file=upload).status_code == 200
        assert Project.objects.get().owner == team

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"nothing", b'url\n"' + b"x" * 200_000])
    def test_what_is_no_table_is_an_error_at_the_field(self, root, content):
        response = post(root, "csv", file=SimpleUploadedFile("all.csv", content))
        assert response.status_code == 422
        assert response.context["form"].errors

    def test_neither_file_nor_text_is_an_error(self, root):
        assert post(root, "csv").status_code == 422


class TestRegisterFolder:
    def test_all_repositories_below_are_registered(self, root, tmp_path):
        for name in ("a.git", "deep/b.git"):
            build(tmp_path / "code" / name, commits=1)
        assert "2 registered" in post(root, "folder", folder=str(tmp_path / "code")).content.decode()

    @pytest.mark.parametrize("folder", ["/etc", "/", "relative", "\0", "/no/such", ""])
    def test_other_folders_are_refused(self, root, folder):
        assert post(root, "folder", folder=folder).status_code == 422


class TestRegisterCheck:
    def test_good_news_in_plain_words_with_and_without_script(self, root, bare):
        page = post(root, "check", address=str(bare)).content.decode()
        assert "<html" in page and "can be read" in page and "<code>main</code>" in page
        part = root.post("/projects/register/check/", COMMON | {"address": str(bare)}, headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode() and "can be read" in part.content.decode()
        assert Repository.objects.count() == 0

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("https://no-such-host.invalid/a.git", "name"),
            ("ext::sh", "not allowed"),
            ("/etc", "not below"),
            ("", "required"),
        ],
    )
    def test_bad_news_says_what_and_why(self, root, address, words):
        response = post(root, "check", address=address)
        assert words in response.content.decode()
        assert not response.context["report"].ok

    def test_a_folder_that_is_no_repository(self, root, tmp_path):
        (tmp_path / "plain").mkdir()
        assert post(root, "check", address=str(tmp_path / "plain")).context["report"].ok is False


class TestUpload:
    def test_a_huge_file_is_never_written_to_disk(self, client, administrator, settings, tmp_path):
        settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")
        client.force_login(administrator)
        file = SimpleUploadedFile("table.csv", b"x" * 3 * 1024**2)
        response = client.post("/projects/register/table/", {"file": file, "visibility": "internal"})
        assert response.status_code == 422
        assert Project.objects.count() == 0
