import pytest
from django.test import Client

from source.addresses import address


@pytest.fixture
def browser(stranger):
    client = Client()
    client.force_login(stranger)
    return client


@pytest.fixture
def show(planted, repository_builder, browser):
    """Commits files and gives a function that asks for a page of one."""

    def plant(files, **fields):
        builder = repository_builder()
        builder.commit(files)
        project = planted(builder, **fields)

        def ask(path, page="blob", query="", **headers):
            path = path.encode() if isinstance(path, str) else path
            return browser.get(address(project, page, b"main", path) + query, headers=headers)

        return ask

    return plant


def words(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


class TestBlob:
    def test_lines_have_numbers_colours_and_facts(self, show):
        text = words(show({"src/a.py": "def f():\n    return '<b>'\n"})("src/a.py"))
        assert '<span id="L2"><a href="#L2" tabindex="-1">2</a>' in text
        assert "&lt;b&gt;" in text and "<b>" not in text
        assert 'class="tok-k"' in text
        for fact in ("Python", "2 lines", "ASCII", "LF"):
            assert fact in text

    def test_a_folder_leads_to_its_page(self, show):
        assert "/tree/main/src" in show({"src/a.py": "1"})("src").headers["Location"]
