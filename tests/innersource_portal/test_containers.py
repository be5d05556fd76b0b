"""The files for Docker say the same as settings and code, since nothing here can run them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from search import engines

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
STAGES = {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)}
PORTAL = ("prepare", "web", "worker", "schedule")


def test_every_setting_that_is_handed_on_is_documented():
    documented = (ROOT / "docs" / "settings.md").read_text()
    for name in SERVICES["web"]["environment"]:
        assert f"`{name}`" in documented, name


@pytest.mark.parametrize("engine", ["embedded", "zoekt"])
def test_the_image_of_an_engine_has_its_name(engine, settings):
    settings.SEARCH_ENGINE = engine
    assert engines.chosen().label.startswith(f"{engine}-")
    assert STAGES[engine] == "portal"
    for name in PORTAL:
        assert SERVICES[name]["build"]["target"] == "${PORTAL_SEARCH_ENGINE:-embedded}"
        assert SERVICES[name]["environment"]["PORTAL_SEARCH_ENGINE"] == "${PORTAL_SEARCH_ENGINE:-embedded}"


def test_the_image_that_is_built_unasked_needs_no_go():
    assert list(STAGES)[-1] == "embedded"
    assert STAGES["zoekt-programs"].startswith("golang:")
    assert DOCKERFILE.count("--from=zoekt-programs") == 1
    assert "FROM portal AS zoekt\nCOPY --from=zoekt-programs" in DOCKERFILE


def test_the_worker_writes_where_the_server_of_zoekt_reads(settings):
    server = SERVICES["zoekt"]
    program, *options = server["command"].split()
    given = dict(zip(options, [*options[1:], ""], strict=True))
    data = re.search(r"PORTAL_DATA_DIR=(\S+)", DOCKERFILE)[1]
    settings.SEARCH_ENGINE = "zoekt"
    assert given["-index"] == f"{data}/{engines.chosen().folder.relative_to(settings.DATA_DIR)}"
    assert server["volumes"] == SERVICES["worker"]["volumes"] == [f"data:{data}"]
    url = urlsplit(SERVICES["worker"]["environment"]["PORTAL_ZOEKT_URL"])
    assert (url.hostname, f":{url.port}") == ("zoekt", given["-listen"])
    assert {"-rpc", "-html=false"} <= given.keys()
    assert "ports" not in server  # it asks nobody who they are
    assert (server["profiles"], server["build"]["target"]) == (["zoekt"], "zoekt")
    installed = set(re.findall(r"zoekt/cmd/([a-z-]+)@", DOCKERFILE))
    assert installed == {program, "zoekt-git-index"}


def test_the_programs_are_those_of_the_tests():
    revision = re.search(r"ZOEKT_REVISION=(\w+)", DOCKERFILE)[1]
    assert revision in (ROOT / ".ci" / "run").read_text()
