"""How ready a project is for people of other teams: a plain count of hygiene checks, each with evidence and the fix."""

from collections.abc import Iterable
from dataclasses import dataclass

from projects.models import Project

CONFIDENT = 0.98
SPOKEN = {
    "contributing": ("CONTRIBUTING", "Add CONTRIBUTING.md: how to build, test and send a change, and who answers."),
    "codeowners": ("CODEOWNERS", "Add a CODEOWNERS file, so that people know whom a change concerns."),
    "security": ("SECURITY", "Add SECURITY.md: where to report a weakness, and how soon you answer."),
    "tests": ("Tests", "Keep tests in a folder named tests, test, spec or specs."),
    "changelog": ("Changelog", "Add CHANGELOG.md: what changed for those who use the project."),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `evidence` says what was found, `path` where, `fix` what to do when it was not."""

    key: str
    label: str
    passed: bool
    evidence: str
    fix: str
    path: str = ""


def checks(project: Project) -> list[Check]:
    """All checks in the order people would do them, from README, licences, people files and releases."""
    files = {file.kind: file.path for file in reversed(list(project.people_files.all()))}
    return [
        _readme(project),
        _described(project),
        _licence(project),
        *(_file(kind, files) for kind in ("contributing", "codeowners", "security")),
        _check(
            "ci", "Continuous integration", ", ".join(project.repository.ci_systems), "Run the tests on every change."
        ),
        *(_file(kind, files) for kind in ("tests", "changelog")),
        _releases(project),
        _check("owner", "Owner", project.owner.name if project.owner else "", "Name the team that owns the project."),
    ]


def score(found: Iterable[Check]) -> int:
    """Share of passed checks, 0 to 100."""
    results = [check.passed for check in found]
    return round(100 * sum(results) / len(results)) if results else 0


def rescore(project: Project) -> bool:
    """Write the score to the project; True when it changed."""
    value = score(checks(project))
    if value == project.readiness:
        return False
    project.readiness = value
    project.save(update_fields=["readiness"])
    return True


def _check(key: str, label: str, evidence: str, fix: str, path: str = "") -> Check:
    return Check(key, label, bool(evidence), evidence, fix, path)


def _file(kind: str, files: dict[str, str]) -> Check:
    label, fix = SPOKEN[kind]
    path = files.get(kind, "")
    return _check(kind, label, path, fix, path)


def _readme(project: Project) -> Check:
    readme = getattr(project, "readme", None)
    path = readme.path if readme else ""
    return _check("readme", "README", path, "Add README.md: what it is, who it is for, how to start.", path)


def _described(project: Project) -> Check:
    fix = "Begin the README with one sentence that says what the project does, or write a tagline here."
    return _check("description", "Description", project.tagline, fix)


def _licence(project: Project) -> Check:
    found = list(project.licences.all())
    sure = [f"{row.spdx} in {row.path}" for row in found if row.confidence >= CONFIDENT]
    if sure or not found:
        fix = "Add a LICENSE file with the full text of a licence."
        return _check("licence", "Licence", ", ".join(sure[:3]), fix, found[0].path if found else "")
    fix = f"{found[0].path} does not hold the exact text of a known licence: copy the text as it is published."
    return Check("licence", "Licence", False, "not confirmed", fix, found[0].path)


def _releases(project: Project) -> Check:
    newest = project.releases.filter(prerelease=False).first()
    fix = "Tag a version, so that people can depend on something that stays."
    return _check("releases", "Releases", newest.tag if newest else "", fix)
