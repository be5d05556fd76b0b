"""The project page, for everybody who may come to it."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from activity.importing import import_history
from projects.fields import Source, resolve, set_edited, set_source
from projects.models import (
    Access,
    Language,
    Licence,
    Package,
    PeopleFile,
    Project,
    Readme,
    Release,
    Role,
    Star,
    Topic,
)
from sync.models import SyncJob
from tests.conftest import make_user
from tests.projects.planting import ADA, BO, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(team):
    project = plant("billing", commits=[(ADA, 20), (BO, 3)], owner=team, name="Billing")
    import_history(project.repository, project.repository.mirror(), project.repository.head_commit)
    fill(project)
    return project


def fill(project):
    set_source(project, Source.DERIVED, {"name": ("Billing", "README.md"), "tagline": ("Sends invoices.", "README.md")})
    set_source(project, Source.DECLARED, {"lifecycle": ("production", "catalog-info.yaml")})
    resolve(project)
    project.topics.add(Topic.objects.get_or_create(name="invoices")[0])
    Language.objects.create(project=project, name="Python", bytes=10, share=1.0, colour="#3572A5")
    Licence.objects.create(project=project, spdx="MIT", confidence=0.9712, path="LICENSE", method="dice")
    Package.objects.create(project=project, ecosystem="pypi", name="billing-core", version="1.2", path="pyproject.toml")
    PeopleFile.objects.create(project=project, kind="contributing", path="CONTRIBUTING.md")
    Readme.objects.create(project=project, path="README.md", oid="a" * 40, html="<p>Read <b>me</b></p>")
    Release.objects.create(
        project=project, tag="v1.2.0", version="1.2.0", at=timezone.now(), commit="a" * 40, position=0
    )


@pytest.fixture
def committer(project, other_team):
    person = make_user("tessa", other_team)
    Role.objects.create(project=project, user=person, kind=Role.Kind.TRUSTED_COMMITTER)
    return person


def page(client, project):
    return client.get(reverse("pages:project", args=[project.slug]))


def words(response):
    return response.content.decode()


class TestProject:
    def test_what_was_found_leads_into_the_code(self, client, project, stranger):
        Release.objects.filter(project=project).update(tag="deep/v1.2.0")
        client.force_login(stranger)
        text = words(page(client, project))
        for path in ("LICENSE", "pyproject.toml", "CONTRIBUTING.md", "README.md"):
            assert f'href="/projects/billing/blob/{project.repository.default_branch}/{path}"' in text
        assert 'href="/projects/billing/tree/refs/tags/deep/v1.2.0"' in text

    def test_nothing_leads_into_code_that_may_not_be_read(self, client, project, stranger):
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        part = Project.objects.create(slug="part", name="Part", repository=project.repository, subdirectory="src")
        fill(part)
        client.force_login(stranger)
        text = words(page(client, part))
        assert "CONTRIBUTING.md" in text and "v1.2.0" in text
        assert not any(f"/projects/part/{word}/" in text for word in ("blob", "tree", "raw"))

    def test_says_what_it_is_and_where_that_comes_from(self, client, project, stranger):
        client.force_login(stranger)
        text = words(page(client, project))
        for expected in ("Billing", "Sends invoices.", "from README.md", "production", "Payments", "<b>me</b>"):
            assert expected in text
        for expected in ("billing-core", "v1.2.0", "97 %, unconfirmed", "Python", "invoices", "Bo Okafor"):
            assert expected in text
        assert "https://git.example.com/billing.git" in text
        assert "commits, 90 d" in text

    def test_a_human_edit_says_who(self, client, project, owner, stranger):
        set_edited(project, "tagline", "Bills <everyone>", owner)
        client.force_login(stranger)
        text = words(page(client, project))
        assert "Bills &lt;everyone&gt;" in text
        assert "edited here by Olga" in text

    def test_edit_is_offered_to_maintainers_only(self, client, project, owner, committer, stranger, administrator):
        edit = reverse("projects:edit", args=[project.slug])
        for person, offered in ((owner, True), (committer, True), (administrator, True), (stranger, False)):
            client.force_login(person)
            assert (edit in words(page(client, project))) is offered

    def test_anonymous_is_sent_to_sign_in(self, client, project):
        response = page(client, project)
        assert response.status_code == 302
        assert reverse("account_login") in response["Location"]

    def test_anonymous_reads_where_the_site_lets_them(self, client, project, settings):
        settings.ANONYMOUS_READ = True
        response = page(client, project)
        assert response.status_code == 200
        assert "hx-post" not in words(response)
        Project.objects.update(visibility="restricted")
        assert page(client, project).status_code == 404

    def test_restricted_is_not_there_for_strangers(self, client, project, owner, committer, stranger, administrator):
        Project.objects.update(visibility="restricted")
        for person, status in ((owner, 200), (committer, 200), (administrator, 200), (stranger, 404)):
            client.force_login(person)
            assert page(client, project).status_code == status
        granted = Access.objects.create(project=project, user=stranger)
        assert page(client, project).status_code == 200
        granted.delete()
        assert page(client, project).status_code == 404

    def test_a_left_team_sees_nothing_more(self, client, project, owner):
        Project.objects.update(visibility="restricted")
        Membership.objects.filter(user=owner).update(ended_on=timezone.localdate())
        client.force_login(owner)
        assert page(client, project).status_code == 404

    def test_wrong_verb(self, client, project, owner):
        client.force_login(owner)
        assert client.post(reverse("pages:project", args=[project.slug])).status_code == 405

    def test_unknown_address(self, client, owner):
        client.force_login(owner)
        assert client.get(reverse("pages:project", args=["nothing"])).status_code == 404

    def test_a_former_address_leads_on_only_for_those_who_may_see_it(self, client, project, stranger, owner):
        project.rename_slug("invoicing")
        old = reverse("pages:project", args=["billing"])
        client.force_login(stranger)
        response = client.get(old)
        assert (response.status_code, response["Location"]) == (301, "/projects/invoicing/")
        Project.objects.update(visibility="restricted")
        assert client.get(old).status_code == 404
        client.force_login(owner)
        assert client.get(old).status_code == 301

    def test_deprecated_says_so(self, client, project, owner, stranger):
        set_edited(project, "lifecycle", "deprecated", owner)
        client.force_login(stranger)
        assert "advise against" in words(page(client, project))

    def test_a_year_without_a_commit_is_a_sentence_and_no_empty_chart(self, client, project, stranger):
        client.force_login(stranger)
        project.weeks = [0] * 51 + [3]
        project.save()
        assert "Commits per week" in words(page(client, project))
        project.weeks = [0] * 52
        project.save()
        text = words(page(client, project))
        assert "Commits per week" not in text
        assert "No commit in the last 52 weeks" in text

    def test_files_for_people_are_named_briefly_with_the_whole_path_at_hand(self, client, project, stranger):
        PeopleFile.objects.create(project=project, kind="change_template", path=".github/pull_request_template.md")
        client.force_login(stranger)
        text = words(page(client, project))
        assert '<dd class="mono" title=".github/pull_request_template.md"><a ' in text
        assert ">pull_request_template.md</a></dd>" in text

    def test_sync_failures_and_problems_are_for_maintainers(self, client, project, owner, stranger):
        job, _ = SyncJob.objects.get_or_create(repository=project.repository)
        SyncJob.objects.filter(pk=job.pk).update(error_message="The server refuses the key.", error_hint="Ask for it.")
        project.repository.problems = [["setup.cfg", "setup.cfg is not valid."]]
        project.repository.save()
        client.force_login(owner)
        text = words(page(client, project))
        assert "The server refuses the key." in text and "setup.cfg is not valid." in text
        client.force_login(stranger)
        text = words(page(client, project))
        assert "refuses the key" not in text and "setup.cfg" not in text

    def test_a_project_nobody_has_read_yet(self, client, stranger):
        project = plant("fresh")
        project.repository.fetched_at = None
        project.repository.head_commit = ""
        project.repository.save()
        client.force_login(stranger)
        text = words(page(client, project))
        assert "Not read yet." in text and "No README" not in text

    def test_an_empty_repository(self, client, stranger):
        project = plant("hollow")
        project.repository.head_commit = ""
        project.repository.save()
        client.force_login(stranger)
        assert "no commit on its default branch" in words(page(client, project))

    def test_missing_readme_says_what_to_do(self, client, stranger):
        project = plant("bare")
        client.force_login(stranger)
        assert "Add a README.md to the repository" in words(page(client, project))

    def test_related_projects_are_visible_ones(self, client, project, stranger, owner):
        near = plant("ledger", name="Ledger")
        far = plant("vault", name="Vault", visibility="restricted", owner=project.owner)
        for other in (near, far):
            other.topics.add(Topic.objects.get(name="invoices"))
        client.force_login(stranger)
        text = words(page(client, project))
        assert "Ledger" in text and "Vault" not in text
        client.force_login(owner)
        assert "Vault" in words(page(client, project))

    def test_readiness_lists_what_to_do(self, client, project, stranger):
        client.force_login(stranger)
        text = words(page(client, project))
        assert "Readiness" in text and "Add SECURITY.md" in text and "Add README.md" not in text

    def test_queries_stay_few_and_do_not_grow(self, client, project, owner, django_assert_max_num_queries):
        client.force_login(owner)
        page(client, project)
        for number in range(20):
            Topic.objects.create(name=f"t{number}").projects.add(project)
            Package.objects.create(project=project, ecosystem="npm", name=f"p{number}", path="package.json")
            Release.objects.create(
                project=project, tag=f"v0.{number}", version=f"0.{number}", at=timezone.now(), commit="b", position=1
            )
            person = make_user(f"person{number}")
            Role.objects.create(project=project, user=person, kind=Role.Kind.OWNER)
            Star.objects.create(project=project, user=person)
        with django_assert_max_num_queries(18):
            assert page(client, project).status_code == 200

    def test_old_releases_are_dated(self, client, project, stranger):
        Release.objects.update(at=timezone.now() - dt.timedelta(days=40))
        client.force_login(stranger)
        assert "1 mo ago" in words(page(client, project))


def test_people_long_gone_are_not_those_to_ask_while_others_are_here(client, owner, team):
    gone = ("Cid Petrov", "cid@example.com")
    project = plant("old", commits=[(gone, 1200), (BO, 3)], owner=team, name="Old")
    import_history(project.repository, project.repository.mirror(), project.repository.head_commit)
    client.force_login(owner)
    page = client.get(project.get_absolute_url()).content.decode()
    assert BO[0] in page
    assert gone[0] not in page


def test_somebody_with_two_addresses_is_one_person_to_ask(client, owner, team):
    twice = (ADA[0], "ada@home.example")
    project = plant("twice", commits=[(ADA, 5), (twice, 4), (BO, 3)], owner=team, name="Twice")
    import_history(project.repository, project.repository.mirror(), project.repository.head_commit)
    client.force_login(owner)
    text = words(page(client, project))
    people = text[text.index("People to ask") : text.index("Clone</h2>")]
    assert people.count(f">{ADA[0]}</a>") == 1
    assert BO[0] in people


def test_packages_nearest_the_root_come_first(client, project, stranger):
    for path in ("_benchmark/go.mod", "a/b/go.mod", "go.mod"):
        Package.objects.create(project=project, ecosystem="go", name=f"pkg-of-{path}", path=path)
    client.force_login(stranger)
    text = words(page(client, project))
    assert text.index("pkg-of-go.mod") < text.index("pkg-of-_benchmark/go.mod") < text.index("pkg-of-a/b/go.mod")
