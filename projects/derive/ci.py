"""Which continuous integration a repository is set up for, told by the files each system reads."""

import re
from dataclasses import dataclass

from gitstore.snapshot import Snapshot
from projects.derive.content import display_path, entries_in

_YAML = rb"\.ya?ml"
_SYSTEMS: tuple[tuple[str, bytes, bytes], ...] = (
    ("GitHub Actions", b".github/workflows", rb".+" + _YAML),
    ("GitLab CI/CD", b"", rb"\.gitlab-ci" + _YAML),
    ("Gitea Actions", b".gitea/workflows", rb".+" + _YAML),
    ("Forgejo Actions", b".forgejo/workflows", rb".+" + _YAML),
    ("Jenkins", b"", rb"Jenkinsfile(\..+)?"),
    ("Azure Pipelines", b"", rb"\.?azure-pipelines(\.[\w-]+)?" + _YAML),
    ("Azure Pipelines", b".azure-pipelines", rb".+" + _YAML),
    ("Bitbucket Pipelines", b"", rb"bitbucket-pipelines" + _YAML),
    ("CircleCI", b".circleci", rb"config" + _YAML),
    ("CircleCI", b"", rb"circle" + _YAML),
    ("Travis CI", b"", rb"\.travis" + _YAML),
    ("AppVeyor", b"", rb"\.?appveyor" + _YAML),
    ("Drone", b"", rb"\.drone(\.ya?ml|\.jsonnet|\.star)"),
    ("Woodpecker", b"", rb"\.woodpecker" + _YAML),
    ("Woodpecker", b".woodpecker", rb".+" + _YAML),
    ("Buildkite", b".buildkite", rb"pipeline.*" + _YAML),
    ("Tekton", b".tekton", rb".+" + _YAML),
    ("Cirrus CI", b"", rb"\.cirrus(" + _YAML + rb"|\.star)"),
    ("Semaphore", b".semaphore", rb".+" + _YAML),
    ("TeamCity", b".teamcity", rb"(settings\.kts|pom\.xml)"),
    ("Bamboo", b"bamboo-specs", rb".+"),
    ("Zuul", b"", rb"\.?zuul" + _YAML),
    ("Google Cloud Build", b"", rb"cloudbuild(" + _YAML + rb"|\.json)"),
    ("AWS CodeBuild", b"", rb"buildspec" + _YAML),
    ("SourceHut builds", b"", rb"\.build" + _YAML),
    ("SourceHut builds", b".builds", rb".+" + _YAML),
)


@dataclass(frozen=True, slots=True)
class ContinuousIntegration:
    """One system and the first file that says so."""

    system: str
    path: str


def read_ci(snapshot: Snapshot) -> list[ContinuousIntegration]:
    """The systems in a fixed order, each once."""
    found: dict[str, ContinuousIntegration] = {}
    folders = {folder: entries_in(snapshot, folder) for _, folder, _ in _SYSTEMS}
    for system, folder, pattern in _SYSTEMS:
        for entry in folders[folder]:
            name = entry.path.rpartition(b"/")[2]
            if system not in found and entry.type == "blob" and re.fullmatch(pattern, name):
                found[system] = ContinuousIntegration(system, display_path(entry.path))
    return list(found.values())
