import re
from pathlib import Path

import pytest
from django.conf import settings
from pygments.token import STANDARD_TYPES

CSS = Path(settings.BASE_DIR) / "static" / "css"
COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"
SOFT = ["accent", "cross", "good", "warn", "bad"]
CODE = ["code-keyword", "code-name", "code-type", "code-text", "code-number", "code-comment"]
WORDS = [(ink, paper) for ink in ("ink", "ink-2", "ink-3", *SOFT) for paper in ("paper", "paper-2")]
WORDS += [(ink, "paper-3") for ink in ("ink", "ink-2", "ink-3")]
WORDS += [(ink, f"{name}-soft") for name in SOFT for ink in (name, "ink", "ink-2")]
WORDS += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("ink", "mark")]
WORDS += [(name, paper) for name in CODE for paper in ("paper", "paper-2")]
SHAPES = [(name, paper) for name in ("graph-cross", "graph-inside", "line-2") for paper in ("paper", "paper-2")]


def tokens():
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (CSS / "tokens.css").read_text())
    return {name: {"light": light, "dark": dark} for name, light, dark in found}


def contrast(first, second):
    """Ratio of WCAG 2.2, 1 to 21."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


# Inside {% constant %}: rendered for the first page of the process only.
ONCE_A_PROCESS = {"components/keys.html", "components/logo.html", "components/palette.html", "components/styles.html"}


@pytest.fixture
def page(client, stranger):
    client.force_login(stranger)
    return client.get("/styleguide/")


class TestStyleguide:
    def test_shows_every_component(self, page):
        used = {template.name for template in page.templates if template.name}
        every = {f"components/{path.name}" for path in COMPONENTS.glob("*.html")}
        assert every - ONCE_A_PROCESS <= used

    def test_nothing_a_strict_policy_would_refuse(self, page):
        html = page.content.decode()
        assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
        assert "<style" not in html
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
        assert "unsafe" not in page.headers["Content-Security-Policy"]

    def test_ids_are_unique_and_labels_point_somewhere(self, page):
        html = page.content.decode()
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'\sfor="([^"]+)"', html)) <= set(ids)
        described = " ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split()
        assert described
        assert set(described) <= set(ids)

    def test_asks_for_signing_in(self, client, db):
        assert client.get("/styleguide/").status_code == 302

    def test_is_read_only(self, client, stranger):
        client.force_login(stranger)
        assert client.post("/styleguide/").status_code == 405


class TestTokens:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize(("ink", "paper"), WORDS)
    def test_words_can_be_read(self, ink, paper, theme):
        assert contrast(tokens()[ink][theme], tokens()[paper][theme]) >= 4.5

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize(("shape", "paper"), SHAPES)
    def test_bars_and_borders_of_controls_can_be_seen(self, shape, paper, theme):
        assert contrast(tokens()[shape][theme], tokens()[paper][theme]) >= 3


class TestSheets:
    def test_only_tokens_name_colours(self):
        for sheet in CSS.glob("*.css"):
            if sheet.name != "tokens.css":
                colours = re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{)|rgb\(|hsl\(", sheet.read_text())
                assert not colours, sheet.name

    def test_every_variable_is_defined(self):
        text = {sheet.name: sheet.read_text() for sheet in CSS.glob("*.css")}
        for name, sheet in text.items():
            defined = set(re.findall(r"(--[\w-]+):", text["tokens.css"] + sheet))
            assert set(re.findall(r"var\((--[\w-]+)", sheet)) <= defined, name

    def test_code_colours_name_classes_that_pygments_writes(self):
        named = set(re.findall(r"\.tok-(\w+)", (CSS / "code.css").read_text()))
        assert named <= {*STANDARD_TYPES.values(), "hll"}

    def test_every_sheet_is_loaded_and_stays_small(self):
        loaded = "".join(path.read_text() for path in COMPONENTS.parent.rglob("*.html"))
        for sheet in CSS.glob("*.css"):
            assert f"css/{sheet.name}" in loaded
            assert len(sheet.read_text().splitlines()) <= 250
