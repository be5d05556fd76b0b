import datetime as dt
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from django.template import Context, Template

from common import charts, flow_charts

MONDAY = dt.date(2026, 3, 2)


def starts(count):
    return [MONDAY + dt.timedelta(weeks=week) for week in range(count)]


def parsed(svg):
    return ElementTree.fromstring(svg)


def bars(svg, name):
    """(x, foot, top) of each bar in the path of that class."""
    path = next(node for node in parsed(svg).iter("path") if node.get("class") == name)
    return [tuple(map(float, bar)) for bar in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)h2", path.get("d"))]


class TestSparkline:
    def test_highest_week_fills_the_picture_and_empty_weeks_have_no_bar(self):
        drawn = bars(charts.sparkline([0, 5, 10, 0]), "g-in")
        assert drawn == [(3, 30, 15), (6, 30, 0)]

    def test_few_commits_do_not_look_busy(self):
        (bar,) = bars(charts.sparkline([0, 1, 0]), "g-in")
        assert bar[2] > 20

    def test_other_teams_stand_on_top_of_the_owning_team(self):
        svg = charts.sparkline([10, 6], [4, 6])
        assert bars(svg, "g-in") == [(0, 30, 12)]
        assert bars(svg, "g-out") == [(0, 12, 0), (3, 30, 12)]

    def test_longer_spans_and_single_ones_are_called_by_their_names(self):
        assert "1 commit in 1 year, at most 1 in one" in charts.sparkline([1], period="year")

    def test_one_commit_among_thousands_is_still_seen(self):
        bar = bars(charts.sparkline([1, 5000]), "g-in")[0]
        assert bar[1] - bar[2] == 1

    @pytest.mark.parametrize(
        ("weeks", "outside", "words"),
        [
            ([0] * 52, None, "No commits in 52 weeks"),
            ([1000, 234], None, "1,234 commits in 2 weeks, at most 1,000 in one"),
            ([10, 6], [4, 6], "16 commits in 2 weeks, at most 10 in one; 10 from other teams"),
        ],
    )
    def test_says_in_words_what_it_shows(self, weeks, outside, words):
        svg = parsed(charts.sparkline(weeks, outside))
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == svg.find("title").text == words

    @pytest.mark.parametrize(("weeks", "outside"), [([], None), ([3], []), ([3, 4], [1]), ([3], [9, 9])])
    def test_uneven_input_draws_without_negative_heights(self, weeks, outside):
        svg = charts.sparkline(weeks, outside)
        assert all(foot >= top >= 0 for name in ("g-in", "g-out") for _, foot, top in bars(svg, name))

    def test_is_small_enough_for_a_list(self):
        assert len(charts.sparkline(list(range(52)), [week // 2 for week in range(52)])) < 3000


class TestTicks:
    @pytest.mark.parametrize(
        ("peak", "expected"),
        [(0, [1]), (1, [1]), (3, [1, 2, 3]), (7, [5, 10]), (16, [10, 20]), (130, [50, 100, 150]), (999, [500, 1000])],
    )
    def test_round_numbers_that_reach_the_peak(self, peak, expected):
        assert charts.ticks(peak) == expected


class TestWeeklyBars:
    def chart(self, totals, outside=None, **fields):
        return charts.WeeklyChart("Commits per week", starts(len(totals)), totals, outside, **fields)

    def test_one_group_a_week_with_its_own_words(self):
        svg = parsed(charts.weekly_bars(self.chart([3, 0, 12], [1, 0, 4])))
        assert [group.find("title").text for group in svg.findall("g")] == [
            "Week of 2 March 2026: 3 commits, 1 from other teams",
            "Week of 9 March 2026: 0 commits, 0 from other teams",
            "Week of 16 March 2026: 12 commits, 4 from other teams",
        ]

    def test_weeks_run_from_left_to_right(self):
        svg = parsed(charts.weekly_bars(self.chart([3, 5, 12])))
        places = [float(group.find("rect").get("x").rstrip("%")) for group in svg.findall("g")]
        assert places == sorted(places)

    def test_bars_stand_on_the_line_and_below_the_top(self):
        svg = parsed(charts.weekly_bars(self.chart([3, 0, 12], [1, 0, 4])))
        drawn = [rect for rect in svg.iter("rect") if rect.get("class") != "g-hit"]
        assert len(drawn) == 4
        for rect in drawn:
            assert float(rect.get("y")) >= charts.PLOT_TOP
            assert float(rect.get("y")) + float(rect.get("height")) <= charts.PLOT_HEIGHT

    def test_months_are_named_once_each(self):
        texts = [node.text for node in parsed(charts.weekly_bars(self.chart([1] * 52))).iter("text")]
        months = texts[1:]
        assert months[:3] == ["Apr", "May", "Jun"]
        assert "Jan 2027" in months
        assert len(months) == len(set(months))

    def test_few_weeks_are_named_by_their_days(self):
        texts = [node.text for node in parsed(charts.weekly_bars(self.chart([1] * 3))).iter("text")]
        assert texts[1:] == ["2 Mar", "9 Mar", "16 Mar"]

    def test_words_from_people_are_escaped(self):
        hostile = "'\"><script>&"
        chart = charts.WeeklyChart(hostile, starts(1), [1], [1], unit=hostile, across=hostile, marks=[(0, hostile)])
        heat = flow_charts.HeatMap(hostile, [hostile], [hostile], {(0, 0): 1}, {(0, 0): f"/x?{hostile}"})
        for svg in (charts.weekly_bars(chart), flow_charts.heat_map(heat)):
            assert "<script>" not in svg
            assert any(node.text and hostile in node.text for node in parsed(svg).iter("title"))
        assert next(parsed(svg).iter("a")).get("href") == f"/x?{hostile}"

    def test_no_commits_says_so(self):
        assert self.chart([0, 0]).description == "No commits in this time."
        assert parsed(charts.weekly_bars(self.chart([]))).tag == "svg"

    def test_page_part_has_legend_and_the_same_numbers_as_a_table(self):
        chart = self.chart([3, 12], [1, 4], owner="Payments <b>")
        html = Template("{% load portal %}{% weekly_chart chart %}").render(Context({"chart": chart}))
        assert "Payments &lt;b&gt;" in html
        rows = re.findall(r'<th scope="row">(.*?)</th><td class="num">(\d+)</td><td class="num">(\d+)</td>', html)
        assert rows == [("9 Mar 2026", "12", "4"), ("2 Mar 2026", "3", "1")]

    def test_unknown_outside_is_not_shown_as_zero(self):
        html = Template("{% load portal %}{% weekly_chart chart %}").render(Context({"chart": self.chart([3])}))
        assert "other teams" not in html


class TestLanguageBar:
    def test_parts_fill_the_bar_in_order(self):
        svg = parsed(charts.language_bar([("Go", 3, "#00ADD8"), ("C", 1, "#555555")]))
        rects = [(r.get("x"), r.get("width"), r.get("fill")) for r in svg.iter("rect") if r.get("fill")]
        assert rects == [("0.000%", "75.000%", "#00ADD8"), ("75.000%", "25.000%", "#555555")]
        assert svg.get("aria-label") == "Languages: Go 75.0 %, C 25.0 %"

    def test_nothing_to_show_draws_nothing(self):
        assert charts.language_bar([]) == ""
        assert charts.language_bar([("Go", 0, "#00ADD8")]) == ""

    @pytest.mark.parametrize("colour", ["", "red", "url(#x)", "#fff", '#00ADD8"/><script>', "#00ADD8\n", None])
    def test_anything_but_a_plain_colour_is_grey(self, colour):
        assert charts.GREY in charts.language_bar([("Go", 1, colour)])
        assert charts.GREY in charts.swatch(colour)

    def test_page_part_lists_six_and_keeps_the_rest_behind_a_button(self):
        languages = [SimpleNamespace(name=f"L{n}", share=0.1, colour="#111111") for n in range(8)]
        html = Template("{% load portal %}{% language_bar languages %}").render(Context({"languages": languages}))
        head, rest = html.split("<summary>2 more</summary>")
        assert "L5 12.5 %" in head.split("<ul")[1]
        assert "L6 12.5 %" in rest
        assert "L7 12.5 %" in rest
