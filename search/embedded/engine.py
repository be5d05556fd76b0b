"""The embedded engine."""

from pathlib import Path

from search.engine import Answer, EngineStatus, IndexedRef, IndexOutcome, IndexPlan, OnProgress, Request


class EmbeddedEngine:
    """Index files of trigrams in a folder, `shards` of them; files larger than `file_bytes` are left out."""

    def __init__(self, folder: Path, shards: int, *, file_bytes: int) -> None:
        self.folder, self.shards, self.file_bytes = folder, shards, file_bytes

    def search(self, request: Request) -> Answer:
        return Answer(total=0, total_is_exact=not request.repositories)

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        raise NotImplementedError

    def forget(self, repository_id: int) -> None:
        raise NotImplementedError

    def label_of(self, repository_id: int) -> str:
        return f"embedded:{self.shards}:{repository_id % self.shards}"

    def indexed(self, repository_id: int) -> tuple[IndexedRef, ...]:
        return ()

    def status(self) -> EngineStatus:
        return EngineStatus(f"embedded:{self.shards}")

    def check(self, *, thorough: bool = False) -> tuple[str, ...]:
        return ()

    def rebuild(self) -> None:
        raise NotImplementedError
