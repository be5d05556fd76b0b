"""Secrets on their way to git: in its environment or in a file only it can read, never in an argument or an address."""

import base64
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from gitstore.addresses import DEFAULT_PORTS, CheckedAddress
from gitstore.errors import Refused

SSH_OPTIONS = (
    "BatchMode=yes",
    "CheckHostIP=no",
    "ClearAllForwardings=yes",
    "ConnectTimeout=20",
    "ForwardAgent=no",
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ServerAliveCountMax=3",
    "ServerAliveInterval=15",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
)


@dataclass(frozen=True)
class Credential:
    """A secret for fetching. `kind` is "token", "password" or "ssh-key"; `known_hosts` lines belong to an ssh key."""

    kind: str
    username: str
    secret: str = field(repr=False)
    known_hosts: str = field(default="", repr=False)


@dataclass(frozen=True)
class Access:
    """What a git process needs to reach one address: configuration and variables, both kept out of its arguments."""

    config: tuple[tuple[str, str], ...] = field(repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


@contextmanager
def access_to(checked: CheckedAddress, credential: Credential | None) -> Iterator[Access]:
    """Access while the block lasts; key files are gone afterwards. Raises Refused where address and secret clash."""
    protocol = checked.address.protocol
    if protocol in ("http", "https"):
        yield _http(checked, credential)
    elif protocol == "ssh":
        with _ssh(checked, credential) as access:
            yield access
    elif checked.local is not None:
        with _local(checked.local) as access:
            yield access
    else:
        yield Access((("protocol.git.allow", "always"),))


def _http(checked: CheckedAddress, credential: Credential | None) -> Access:
    address = checked.address
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = address.port or DEFAULT_PORTS[address.protocol]
    ips = ",".join(f"[{ip}]" if ":" in ip else ip for ip in checked.ips)
    config = [(f"protocol.{address.protocol}.allow", "always")]
    if ips and not _is_ip(address.host):
        config.append(("http.curloptResolve", f"{host}:{port}:{ips}"))
    if credential is not None and credential.secret:
        if credential.kind == "ssh-key":
            raise Refused("A deploy key does not fit an https address.", "Store a token, or use the ssh address.")
        if address.protocol == "http" and not all(ip_address(ip).is_loopback for ip in checked.ips):
            raise Refused("A secret is never sent over plain http.", "Use the https address.")
        words = f"{credential.username or 'x-access-token'}:{credential.secret}".encode()
        header = f"Authorization: Basic {base64.b64encode(words).decode('ascii')}"
        config.append((f"http.{address.protocol}://{host}:{port}/.extraHeader", header))
    return Access(tuple(config))


@contextmanager
def _ssh(checked: CheckedAddress, credential: Credential | None) -> Iterator[Access]:
    if credential is None or credential.kind != "ssh-key" or not credential.known_hosts.strip():
        raise Refused(
            "An ssh address needs a deploy key and the server's host key.",
            "Store a deploy key with the server's known_hosts line, or use the https address.",
        )
    folder = Path(tempfile.mkdtemp(prefix="portal-ssh-"))  # mode 0700
    try:
        key, hosts = folder / "key", folder / "known_hosts"
        _write_private(key, credential.secret.replace("\r\n", "\n").rstrip("\n") + "\n")
        _write_private(hosts, credential.known_hosts.replace("\r\n", "\n").rstrip("\n") + "\n")
        yield Access((("protocol.ssh.allow", "always"),), {"GIT_SSH_COMMAND": _ssh_command(checked, key, hosts)})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ssh_command(checked: CheckedAddress, key: Path, hosts: Path) -> str:
    options = [*SSH_OPTIONS, f"IdentityFile={key}", f"UserKnownHostsFile={hosts}"]
    if checked.ip:
        host, port = checked.address.host, checked.address.port
        options += [f"HostName={checked.ip}", f"HostKeyAlias={f'[{host}]:{port}' if port else host}"]
    words = [_ssh_program(), "-F", "/dev/null"]
    for option in options:
        words += ["-o", option]
    return shlex.join(words)


@contextmanager
def _local(path: Path) -> Iterator[Access]:
    allowed = (("protocol.file.allow", "always"),)
    places = [path, path / ".git", path.with_name(path.name + ".git")]
    if all(place.stat().st_uid == os.geteuid() for place in places if place.exists()):
        yield Access(allowed)
        return
    # An administrator allowed this folder, so its owner does not matter. Only a config file reaches the git serving it.
    handle, name = tempfile.mkstemp(prefix="portal-git-", suffix=".config")
    try:
        lines = "".join(f"\tdirectory = {_quote(str(place))}\n" for place in places)
        with os.fdopen(handle, "wb") as file:
            file.write(("[safe]\n" + lines).encode("utf-8", "surrogateescape"))
        yield Access(allowed, {"GIT_CONFIG_GLOBAL": name})
    finally:
        Path(name).unlink(missing_ok=True)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


@cache
def _ssh_program() -> str:
    return shutil.which("ssh") or "ssh"


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
