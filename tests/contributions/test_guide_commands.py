import pytest

from contributions.guide_commands import find_commands

TEXT = """# Contributing

Run `make lint` before you push, and never `rm -rf /`.

```console
$ python -m venv .venv
$ pip install -e .[dev]
# a comment in the shell
$ DJANGO_SETTINGS_MODULE=x.y pytest -q tests
```

```python
make = "not a command"
```

Or:

    ./gradlew build
    npm run test

1. go test ./...
"""


def test_commands_in_blocks_and_sentences():
    assert find_commands(TEXT) == [
        ("set up", "python -m venv .venv"),
        ("set up", "pip install -e .[dev]"),
        ("build", "./gradlew build"),
        ("test", "DJANGO_SETTINGS_MODULE=x.y pytest -q tests"),
        ("test", "npm run test"),
        ("check", "make lint"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just write to us.\n",
        "```\n",
        "`" * 5000,
        "    " * 20000,
        "```\n" * 3000,
        "```x\n" * 50_000,
        "~~~~\n```\n" * 20_000,
    ],
)
def test_nothing_to_find(text):
    assert find_commands(text) == []


def test_windows_lines_and_long_ones():
    assert find_commands("```\r\nmake test\r\n```\r\n") == [("test", "make test")]
    assert find_commands("    make " + "x" * 500) == []
