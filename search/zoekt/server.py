"""Asking zoekt-webserver, whose JSON interface is switched on by its option -rpc."""

import http.client
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

MARGIN_SECONDS = 5.0


class ServerError(Exception):
    """It does not answer, or not with what was asked for."""


class Late(ServerError):
    """It has not answered in time."""


class Misunderstood(ServerError):
    """It refuses the query."""


class Server:
    """`url` as in http://zoekt:6070."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def search(
        self, query: str, repositories: Iterable[int], most: int, seconds: float, *, whole: bool = True
    ) -> dict[str, Any]:
        """The best `most` files of these repositories only; `whole`: with their content."""
        options = {
            "Whole": whole,
            "ChunkMatches": True,
            "MaxDocDisplayCount": most,
            "ShardMaxMatchCount": 10_000_000,
            "TotalMaxMatchCount": 100_000_000,
            "MaxWallTime": max(int(seconds * 1e9), 1),
        }
        asked = {"Q": query, "RepoIDs": sorted(repositories), "Opts": options}
        return dict(self._ask("/api/search", asked, seconds).get("Result") or {})

    def commits(self, repository: int) -> list[str] | None:
        """Commits of the branches that the server answers from; None while it knows no such repository."""
        found = self._ask("/api/list", {"Q": f"repo:^r{repository}$"}, 10).get("List") or {}
        for row in found.get("Repos") or []:
            held = row["Repository"]
            if held["ID"] == repository:
                return [branch["Version"] for branch in held.get("Branches") or []]
        return None

    def _ask(self, path: str, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        kind = http.client.HTTPSConnection if self.parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.parts.hostname or "", self.parts.port, timeout=seconds + MARGIN_SECONDS)
        try:
            connection.request("POST", self.parts.path.rstrip("/") + path, json.dumps(asked))
            answer = connection.getresponse()
            told = json.loads(answer.read())
        except TimeoutError as error:
            raise Late(str(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServerError(str(error)) from error
        finally:
            connection.close()
        if answer.status != http.client.OK or not isinstance(told, dict):
            raise _explained(answer.status, str(told)[:500])
        return told


def _explained(status: int, words: str) -> ServerError:
    if status == http.client.BAD_REQUEST:
        return Misunderstood(words)
    return Late(words) if "deadline" in words else ServerError(words)
