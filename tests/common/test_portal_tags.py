import datetime as dt

import pytest
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from common.templatetags import portal

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def render(source, **context):
    return Template("{% load portal %}" + source).render(Context(context))


class TestAge:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (0, "just now"),
            (44, "just now"),
            (45, "1 min ago"),
            (119, "1 min ago"),
            (3599, "59 min ago"),
            (3600, "1 h ago"),
            (86399, "23 h ago"),
            (86400, "1 d ago"),
            (29 * 86400, "29 d ago"),
            (30 * 86400, "1 mo ago"),
            (400 * 86400, "1 y ago"),
            (-30, "just now"),
            (-4 * 3600, "in 4 h"),
        ],
    )
    def test_whole_units(self, seconds, words):
        assert portal.age(NOW - dt.timedelta(seconds=seconds), NOW) == words

    def test_exact_time_is_kept_for_people_and_machines(self):
        html = render("{{ at|ago }}", at=NOW)
        assert 'datetime="2026-03-02T12:00:00+00:00"' in html
        assert 'title="2 March 2026, 12:00 UTC"' in html

    def test_days_and_nothing(self):
        assert 'datetime="2020-01-01T00:00:00+00:00"' in render("{{ at|ago }}", at=dt.date(2020, 1, 1))
        assert render("{{ at|ago }}", at=None) == "never"


class TestNumbers:
    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (None, "–"),
            (0, "0"),
            (999, "999"),
            (1000, "1k"),
            (1234, "1.2k"),
            (99_950, "99.9k"),
            (999_999, "999k"),
            (2_500_000, "2.5M"),
        ],
    )
    def test_compact(self, number, words):
        assert portal.compact(number) == words

    @pytest.mark.parametrize(
        ("size", "words"),
        [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (73400320, "70.0 MiB"), (2**50, "1024.0 TiB")],
    )
    def test_bytes(self, size, words):
        assert portal.human_bytes(size) == words

    @pytest.mark.parametrize(("share", "words"), [(0, "0.0 %"), (0.0004, "< 0.1 %"), (0.123, "12.3 %"), (1, "100.0 %")])
    def test_percent(self, share, words):
        assert portal.percent(share) == words


class TestInitials:
    @pytest.mark.parametrize(
        ("name", "letters"),
        [
            ("Ada van Kiplagat", "AK"),
            ("mei", "ME"),
            ("jean-luc.picard", "JP"),
            ("李 文", "李文"),
            ("", "?"),
            ("(bot)", "?"),
        ],
    )
    def test_first_and_last(self, name, letters):
        assert portal.initials(name) == letters


class TestToggled:
    def query(self, address, name, value):
        context = {"request": RequestFactory().get(address), "name": name, "value": value}
        return render("{% toggled name value %}", **context)

    def test_adds_to_the_others_and_goes_to_the_first_page(self):
        assert self.query("/?team=a&page=3", "team", "b") == "?team=a&amp;team=b"

    def test_removes_what_is_there(self):
        assert self.query("/?team=a&team=b&q=x", "team", "b") == "?team=a&amp;q=x"

    def test_escapes(self):
        assert "<" not in self.query("/", "q", '"<script>')


class TestPagination:
    def pages(self, number, address="/?q=ledger&page=2"):
        context = {"page": Paginator(range(240), 20).page(number), "request": RequestFactory().get(address)}
        source = Template('{% include "components/pagination.html" %}')
        return source.render(RequestContext(context.pop("request"), context))

    def test_keeps_the_search_and_names_the_page(self):
        html = self.pages(5)
        assert 'href="?q=ledger&amp;page=6" rel="next"' in html
        assert 'href="?q=ledger&amp;page=4" rel="prev"' in html
        assert html.count('aria-current="page"') == 1
        assert html.count("…") == 2

    def test_first_page_has_no_previous(self):
        assert 'rel="prev"' not in self.pages(1)


def test_what_is_constant_is_rendered_once(settings):
    template = Template("{% load portal %}{% constant %}{{ word }}{% endconstant %}")
    assert [template.render(Context({"word": word})) for word in "ab"] == ["a", "a"]
    settings.DEBUG = True
    assert template.render(Context({"word": "c"})) == "c"
