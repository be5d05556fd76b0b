"""From what git says on standard error to one of our errors. What the remote wrote is read here and never passed on."""

import re
import signal

from gitstore.errors import Broken, Busy, GitError, Killed, LimitExceeded, NotFound, Refused, StorageFull, Unreachable

_LIMIT_SIGNALS = {signal.SIGXFSZ: "a file grew too large", signal.SIGXCPU: "it used too much processor time"}

_RULES: tuple[tuple[str, type[GitError], str, str], ...] = (
    (
        r"file too large|died of signal 25|pack exceeds maximum",
        LimitExceeded,
        "The repository is larger than allowed.",
        "Raise the size limit for mirrors, or register a smaller repository.",
    ),
    (
        r"out of memory|cannot allocate memory|mmap failed|virtual memory exhausted",
        LimitExceeded,
        "Git needed more memory than it may use.",
        "Raise the memory limit for git.",
    ),
    (r"died of signal 24", LimitExceeded, "Git used more processor time than it may.", "Raise the time limit for git."),
    (r"no space left on device|disk quota exceeded", StorageFull, "The disk for mirrors is full.", "Free some space."),
    (r"died of signal (?:9|15)\b", Killed, "Git was killed while it worked.", "Look for memory pressure on the host."),
    (
        r"aborting due to possible repository corruption on the remote side",
        Broken,
        "The original is damaged, and its server sends nothing that is new.",
        "Run `git fsck` in the original and repair it; what was read before stays.",
    ),
    (
        r"empty filename in tree entry|too-short tree (?:file|object)|malformed mode in tree entry",
        Broken,
        "Git cannot read a folder of this repository: its tree is malformed.",
        "Run `git fsck` in the original and repair it.",
    ),
    (
        r"dubious ownership|unsafe repository",
        Refused,
        "The repository belongs to another user of this machine.",
        "Make the user the portal runs as its owner, or let the portal fetch it over the network.",
    ),
    (
        r"transport '[a-z+-]*' not allowed|disabled by configuration",
        Refused,
        "This protocol is not allowed.",
        "Use an https or ssh address.",
    ),
    (
        r"host key verification failed|remote host identification has changed|host key is known",
        Refused,
        "The server's host key is not the expected one.",
        "Compare the server's host key and store the right one with the deploy key.",
    ),
    (
        r"ssl certificate|certificate verif|server certificate|self.signed certificate|certificate subject name|"
        r"unable to get local issuer|certificate has expired",
        Refused,
        "The server's certificate is not trusted.",
        "Install the certificate authority on the portal's host, or renew the server's certificate.",
    ),
    (
        r"returned error: 3\d\d|redirect",
        Refused,
        "The server redirects to another address, which the portal does not follow.",
        "Open the address in a browser and register the one it ends at.",
    ),
    (r"returned error: 429", Busy, "The server asks to slow down.", "The portal tries again later."),
    (
        r"returned error: 5\d\d",
        Unreachable,
        "The server reports a fault of its own.",
        "The portal tries again later; tell whoever runs the server if it stays.",
    ),
    (
        r"authentication failed|could not read (?:username|password)|returned error: 40[13]|permission denied|"
        r"invalid credentials|access denied|terminal prompts disabled|no supported authentication|load key",
        Refused,
        "The server does not let the portal in.",
        "Check that the repository exists and store a token or deploy key that may read it.",
    ),
    (
        r"returned error: 404|repository .*not found|not found: did you run|does not appear to be a git repository|"
        r"repository .*does not exist|repository not found|could not be found|no such repository|not a git repository",
        NotFound,
        "The server knows no such repository, or hides it from the portal.",
        "Check the address for typing errors; a private repository needs a token or deploy key.",
    ),
    (
        r"not valid: is this a git repository|invalid content-type|is this a git repository|"
        r"protocol error|bad line length|expected service",
        Broken,
        "What answers at this address is not a Git repository.",
        "Use the clone address, not the address of the web page.",
    ),
    (
        r"could not resolve host",
        Unreachable,
        "The server's name was not found.",
        "Check the address for typing errors.",
    ),
    (r"connection refused", Unreachable, "The server refuses the connection.", "Check host and port of the address."),
    (
        r"operation too slow|timed out|timeout",
        Unreachable,
        "The server did not answer in time.",
        "The portal tries again later.",
    ),
    (
        r"failed to connect|couldn't connect|connection reset|connection was reset|no route to host|"
        r"network is unreachable|connection closed",
        Unreachable,
        "No connection to the server.",
        "The portal tries again later; check host and port if it stays.",
    ),
    (
        r"not our ref|unadvertised object",
        Unreachable,
        "A branch moved while it was fetched.",
        "The portal tries again later.",
    ),
    (
        r"unable to create '[^']*\.lock'|cannot lock ref",
        Busy,
        "Another git process holds a lock in the mirror.",
        "The portal tries again later.",
    ),
    (
        r"fsck error|index-pack failed|corrupt|bad object|missing (?:blob|tree|commit)|invalid index-pack output|"
        r"did not send all necessary objects|inflate|bad pack|unresolved delta|unable to read (?:tree|sha1)|"
        r"failed to traverse parents|could not read [0-9a-f]{40}|bogus commit|unable to read [0-9a-f]{40}",
        Broken,
        "The repository holds damaged or forbidden objects.",
        "Run `git fsck` in the original and repair it.",
    ),
    (
        r"hung up unexpectedly|early eof|empty reply|rpc failed|unexpected disconnect|transfer closed|broken pipe|"
        r"could not read from remote repository",
        Unreachable,
        "The connection broke off.",
        "The portal tries again later.",
    ),
)
_COMPILED = tuple((re.compile(pattern), kind, message, hint) for pattern, kind, message, hint in _RULES)
# git's own name of a failed check, for example "gitmodulesUrl": letters only, so safe to show.
_FSCK = re.compile(r"object ([0-9a-f]{40,64}): ([a-zA-Z0-9]{3,40}): ")
_DAMAGED = re.compile(r"(?:object|could not read|unable to read) '?([0-9a-f]{40,64})\b")


def explain(status: int, stderr: bytes) -> GitError:
    """The error for a git process that ended with `status` (negative: killed by that signal)."""
    if status < 0:
        return _explain_signal(-status)
    lines = stderr.decode("utf-8", "replace").replace("\r", "\n").splitlines()
    own = "\n".join(line for line in lines if not line.startswith("remote: "))
    if check := _FSCK.search(own):
        return Broken(
            f"The repository holds objects that fail git's check “{check[2]}”, first {check[1]}.",
            "Run `git fsck` in the original and repair it.",
        )
    text = own.lower()
    if "invalid index-pack output" in text and text.count("fatal:") == 1 and "error:" not in text:
        # index-pack explains every failure of its own, so silence means that a signal ended it
        return Killed("Git was killed while it received the repository.", "Look for memory pressure on the host.")
    for pattern, kind, message, hint in _COMPILED:
        if pattern.search(text):
            named = _DAMAGED.search(stderr.decode("utf-8", "replace").lower()) if kind is Broken else None
            return kind(f"{message} The first one is {named[1]}." if named else message, hint)
    return GitError(f"Git ended with status {status}.", "Try again; tell an administrator if it stays.")


def _explain_signal(number: int) -> GitError:
    for limit, reason in _LIMIT_SIGNALS.items():
        if number == limit:
            return LimitExceeded(f"Git was stopped: {reason}.", "Raise the limit for mirrors if this is wanted.")
    return Killed(f"Git was killed by signal {number}.", "Look for memory pressure on the host.")
