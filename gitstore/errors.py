"""The small family of errors a Git operation may end in. Messages are safe to show: no credential, no remote body."""


class GitError(Exception):
    """Base: `code` is a stable word for tables, `message` plain words for people, `hint` says what to do."""

    code = "error"
    retry_soon = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(GitError):
    """Name not found, connection refused or timed out, server error: worth another try later."""

    code = "unreachable"
    retry_soon = True


class Busy(GitError):
    """The mirror's lock is held by another process, or the remote asks to slow down."""

    code = "busy"
    retry_soon = True


class Refused(GitError):
    """The address or the access is not allowed: policy, authentication, host key, certificate."""

    code = "refused"


class NotFound(Refused):
    """The server answers that there is no such repository, or hides it."""

    code = "not_found"


class Broken(GitError):
    """What is there is not a usable repository: not Git, failed object checks, corrupt."""

    code = "broken"


class LimitExceeded(GitError):
    """Time, size, ref or file-count limit passed; the process group was killed."""

    code = "limit"


class StorageFull(GitError):
    """The disk that holds the mirrors is full: nothing is wrong with the repository."""

    code = "storage"
    retry_soon = True


class Killed(GitError):
    """Git died by a signal that this process did not send."""

    code = "killed"
