"""The environment of every git process: nothing inherited that git listens to, nothing of the machine's config."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

# Old mistakes, and names that are a trap only for who checks them out or unpacks them, which the portal never does.
HARMLESS_FAULTS = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badFilemode",
    "badName",
    "badTagName",
    "badTimezone",
    "hasDot",
    "hasDotdot",
    "hasDotgit",
    "missingAuthor",
    "missingCommitter",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingTaggerEntry",
    "multipleAuthors",
    "nulInCommit",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
)
# Nothing here reads attributes as git does but `git archive`, which passes over such lines itself.
ODD_ATTRIBUTES = ("gitattributesBlob", "gitattributesLarge", "gitattributesLineLength")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# Companies with their own certificate authority point to it with these.
KEPT = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"})

CONFIG: tuple[tuple[str, str], ...] = (
    ("protocol.allow", "never"),
    ("http.followRedirects", "false"),  # with the default, the token travels to the host redirected to
    ("http.proxy", ""),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    ("credential.helper", ""),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.symlinks", "false"),
    ("core.packedGitLimit", "1g"),  # the default maps every pack and would run into the address space limit
    ("core.commitGraph", "true"),
    ("safe.bareRepository", "explicit"),
    ("fetch.fsckObjects", "true"),
    *((f"fetch.fsck.{fault}", "ignore") for fault in (*HARMLESS_FAULTS, *ODD_ATTRIBUTES)),
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("transfer.bundleURI", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("gc.pruneExpire", "2.weeks"),
    ("pack.windowMemory", "256m"),
    ("init.templateDir", ""),
    ("init.defaultBranch", "main"),
    ("log.showSignature", "false"),
    ("attr.tree", EMPTY_TREE),  # newer git would read HEAD:.gitattributes of a bare repository
)


@cache
def executable() -> str:
    """Absolute path of git, or plain "git" where it is not installed."""
    return shutil.which("git") or "git"


@cache
def _fixed() -> dict[str, str]:
    return {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_SSH_COMMAND": "/bin/false",
        "GIT_SSH_VARIANT": "ssh",
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "HOME": "/nonexistent",
        "TMPDIR": tempfile.gettempdir(),
        "PATH": ":".join(dict.fromkeys([str(Path(executable()).parent), "/usr/bin", "/bin"])),
    }


def git_environment(
    config: Sequence[tuple[str, str]], env: Mapping[str, str] | None, *, numbered: bool = True
) -> dict[str, str]:
    """The variables to lay over this process's own: inherited ones that git has no use for are emptied.

    GitPython starts git with this process's environment and can only add to it, so a variable cannot be dropped but it
    can lose its value. `numbered` is False for git older than 2.31, which does not know GIT_CONFIG_COUNT.
    """
    result = dict.fromkeys((name for name in os.environ if name not in KEPT), "")
    result.update(_fixed())
    pairs = (*CONFIG, *config)
    if numbered:
        result["GIT_CONFIG_COUNT"] = str(len(pairs))
        for index, (key, value) in enumerate(pairs):
            result[f"GIT_CONFIG_KEY_{index}"] = key
            result[f"GIT_CONFIG_VALUE_{index}"] = value
    else:
        result["GIT_CONFIG_PARAMETERS"] = " ".join(_quoted(f"{key}={value}") for key, value in pairs)
    if env:
        result.update(env)
    return result


def _quoted(text: str) -> str:
    # As git itself quotes: it does not read every form that a shell would.
    return "'" + text.replace("'", "'\\''") + "'"


def inherited_git_variables(ours: Mapping[str, str]) -> list[str]:
    """Names of GIT_* variables of this process that must be gone, not just empty, such as GIT_DIR inside a hook."""
    return [name for name in os.environ if name.startswith("GIT_") and name not in KEPT and not ours.get(name)]
