"""Telling machines from people by name and address."""

import re

_NAMES = (
    "dependabot",
    "renovate",
    "greenkeeper",
    "snyk-bot",
    "github-actions",
    "gitlab-ci",
    "semantic-release-bot",
    "pre-commit-ci",
    "allcontributors",
    "mergify",
    "codecov",
    "pyup-bot",
    "imgbot",
)
_WHOLE_NAMES = ("jenkins", "weblate", "bors", "github", "gitlab", "web-flow", "root", "ci", "build")
_BOT = re.compile(
    r"\[bot\]"  # forges mark applications so
    r"|^(?:\d+\+)?(?:" + "|".join(map(re.escape, _NAMES)) + r")(?:$|[\s@\[._-])"
    r"|^(?:" + "|".join(map(re.escape, _WHOLE_NAMES)) + r")$"  # surnames too, so only when nothing else is said
    r"|(?:^|[\s._+-])(?:bot|robot|autoroll(?:er)?|auto-?update)(?:$|[@._-])"
    r"|^[a-z0-9]+-?bot@|^noreply@(?:github|gitlab)\.com$"
    r"|^(?:ci|build|builder|automation|jenkins)@",
    re.IGNORECASE,
)
_PEOPLE = re.compile(r"^(?:[a-z]+\.)?(?:abbot|talbot|cabot)@", re.IGNORECASE)  # names that end like a bot


def is_bot(name: str, email: str) -> bool:
    """Whether this identity is a program: by the mark of the forges, well-known names, or an address that says so."""
    if _BOT.search(name):
        return True
    return bool(_BOT.search(email)) and not _PEOPLE.match(email)
