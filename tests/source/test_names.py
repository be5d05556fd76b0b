import pytest

from source.names import plain, shown, shown_text


@pytest.mark.parametrize(
    ("name", "html"),
    [
        (b"plain name.txt", "plain name.txt"),
        (b"<b>&", "&lt;b&gt;&amp;"),
        ("café".encode(), "café"),
        (b"a\xffb", 'a<span class="odd" title="a byte that is not UTF-8">\\xff</span>b'),
        (b"a\nb", 'a<span class="odd" title="control character">\\n</span>b'),
        ("a\u202eb", 'a<span class="odd" title="right-to-left override">U+202E</span>b'),
        ("a\u00a0b", 'a<span class="odd" title="no-break space">U+00A0</span>b'),
        ("שלום".encode(), "<bdi>שלום</bdi>"),
        ("\U000e0041", '<span class="odd" title="tag latin capital letter a">U+E0041</span>'),
    ],
)
def test_names_hide_nothing(name, html):
    assert shown(name) == html


def test_very_long_names_lose_their_middle():
    text = plain(b"a" * 3000 + b".txt")
    assert len(text) == 300
    assert text.endswith("a.txt")
    assert "…" in text


def test_text_keeps_its_lines():
    assert shown_text("one\r\n\ttwo\u2066<") == (
        'one\n\ttwo<span class="odd" title="left-to-right isolate">U+2066</span>&lt;'
    )


def test_an_attribute_is_one_line():
    assert plain(b"a\nb\xff\x1b") == "a\\nb\\xff\\x1b"
