"""Clone addresses: understanding them, and deciding whether git may see them.

`parse_address` only looks at the text. `check_address` also asks the name server, once: every answer must be allowed,
and git is then bound to these answers, so that a second answer of the name server cannot lead it elsewhere.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn
from urllib.parse import unquote

from gitstore.errors import NotFound, Refused, Unreachable
from gitstore.targets import IPNetwork, may_connect

MAX_LENGTH = 2000
DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)\Z", re.IGNORECASE | re.DOTALL)
_SCP = re.compile(r"(?:([^@/:]*)@)?(\[[^\]/]*\]|[^:/@\[\]]+):(.*)\Z", re.DOTALL)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_BAD_PERCENT = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
_NUMBER_LABEL = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_LONG_SECRET = 20
MAX_PLACES = 50

Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Address:
    """A clone address without any secret.

    `text` is what git gets; `user` the ssh login that belongs to it; `username` and `secret` what stood in front of
    the host (to be moved to the credential store); `key` is equal for all spellings; `port` is None where
    the protocol's own port is meant; `name` the last part of the path without `.git`.
    """

    text: str
    protocol: str
    host: str
    port: int | None
    path: str
    key: str
    user: str = ""
    username: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.text

    @property
    def url(self) -> str:
        return self.text

    @property
    def is_local(self) -> bool:
        return self.protocol == "file"

    @property
    def name(self) -> str:
        return _bare_path(self.path).rpartition("/")[2]


@dataclass(frozen=True)
class AddressPolicy:
    """What an administrator allows.

    `protocols`: of https, ssh, http, git. `allowed_hosts`: names (`git.example`, `*.example`), `name:port`, single IP
    addresses or networks (`10.0.0.0/8`) that may be reached although they are private or loopback. `allow_private`: all
    of those may. Link-local and cloud metadata addresses never. `local_roots`: folders below which local repositories
    may lie; none, and local paths are refused.
    """

    protocols: frozenset[str] | tuple[str, ...] = ("https", "ssh")
    allowed_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    local_roots: tuple[Path, ...] = ()

    def networks(self) -> list[IPNetwork]:
        """The IP addresses and networks among the allowed hosts."""
        found = []
        for text in self.allowed_hosts:
            try:
                found.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                continue
        return found

    def trusts(self, host: str, port: int) -> bool:
        """Whether private targets are allowed for this host name."""
        if self.allow_private:
            return True
        for text in self.allowed_hosts:
            name, _, wanted = text.lower().partition(":")
            same = host.endswith(name[1:]) if name.startswith("*.") else host == name
            if same and wanted in ("", str(port)):
                return True
        return False


@dataclass(frozen=True)
class CheckedAddress:
    """An address git may see. `ips`: the answers of the name server git is bound to (none for a local path); `local`:
    the real path of a local repository."""

    address: Address
    ips: tuple[str, ...] = ()
    local: Path | None = None

    @property
    def ip(self) -> str | None:
        return self.ips[0] if self.ips else None

    @property
    def url(self) -> str:
        """What git gets as its argument."""
        if self.local is not None:
            return str(self.local)
        if self.address.protocol == "git" and self.ip:
            # git's own protocol knows no way to pin a name, so the address itself takes its place
            host = f"[{self.ip}]" if ":" in self.ip else self.ip
            port = f":{self.address.port}" if self.address.port else ""
            return f"git://{host}{port}/{self.address.path}"
        return self.address.text


def parse_address(text: str) -> Address:
    """Understand an https, ssh, http or git URL, `user@host:path`, `file://` or an absolute path; raises Refused."""
    if len(text) > MAX_LENGTH:
        _refuse(f"The address is longer than {MAX_LENGTH:,} characters.")
    text = text.strip(" \t\r\n")
    if not text:
        _refuse("The address is empty.")
    if _CONTROL.search(text):
        _refuse("The address holds invisible or control characters.", "Type it again instead of pasting it.")
    if text.startswith("-"):
        _refuse("An address cannot begin with a dash.")
    if "$" in text or "\\" in text:
        _refuse("The address holds a character that is not allowed: $ or backslash.")
    if re.match(r"[A-Za-z0-9+.-]*::", text):
        _refuse("Addresses that name a helper program are not allowed.")
    if text.startswith("/"):
        return _local(text)
    if match := _URL.match(text):
        return _url(match[1].lower(), match[2])
    if match := _SCP.match(text):
        return _scp(match[1] or "", match[2], match[3])
    _refuse("This is not a clone address.")


def check_address(address: Address, policy: AddressPolicy, resolve: Resolver | None = None) -> CheckedAddress:
    """Hold the address against the policy and bind it to what its name resolves to now.

    Raises Refused when policy forbids it, NotFound for a local path that is none, Unreachable for an unknown name.
    """
    if address.protocol not in policy.protocols and not address.is_local:
        allowed = ", ".join(sorted(policy.protocols)) or "none"
        raise Refused(f"The protocol {address.protocol} is not allowed here.", f"Allowed: {allowed}.")
    if address.is_local:
        return CheckedAddress(address, local=_check_local(address, policy))
    port = address.port or DEFAULT_PORTS[address.protocol]
    networks, trusted = policy.networks(), policy.trusts(address.host, port)
    answers = (resolve or _resolve)(address.host, port)
    for answer in answers:
        if not may_connect(ipaddress.ip_address(answer), networks, trusted=trusted):
            raise Refused(
                "The address leads into a private or reserved network.",
                "An administrator can allow this host or network in the settings.",
            )
    if not answers:
        raise _unknown_host()
    return CheckedAddress(address, tuple(dict.fromkeys(answers)))


def _url(protocol: str, rest: str) -> Address:
    if protocol not in (*DEFAULT_PORTS, "file"):
        _refuse(f"Addresses that begin with {protocol[:20]}:// are not known.")
    if _ENCODED_CONTROL.search(rest) or _BAD_PERCENT.search(rest):
        _refuse("The address holds an encoded control character or a broken % sequence.")
    if "?" in rest or "#" in rest or " " in rest:
        _refuse("A clone address has no ?, # or blank.", "Use the clone address, not the address of a web page.")
    if protocol == "file":
        host, slash, path = rest.partition("/")
        if host not in ("", "localhost") or not slash:
            _refuse("A file address must name an absolute path on this server.")
        return _local("/" + unquote(path))
    authority, _, path = rest.partition("/")
    login, _, server = authority.rpartition("@")
    host, port = _host_and_port(server, DEFAULT_PORTS[protocol])
    user, username, secret = _login(protocol, login)
    path = _check_path(path)
    shown = f"[{host}]" if ":" in host else host
    text = f"{protocol}://{user + '@' if user else ''}{shown}{f':{port}' if port else ''}/{path}"
    return Address(text, protocol, host, port, path, _key(host, port, path), user, username, secret)


def _scp(user: str, host: str, path: str) -> Address:
    if len(host) == 1:
        _refuse("Windows paths are not known here.")
    if user and not _USER.match(user):
        _refuse("The user name in the address is not allowed.")
    if not user and "@" in path:  # user:secret@host would be read as the host "user" and shown with its secret
        _refuse("An address with a password or token in it must begin with https://.")
    name, _ = _host_and_port(host, 22)
    path = _check_path(path.lstrip("/") if path.startswith("//") else path)
    shown = f"[{name}]" if ":" in name else name
    text = f"{user + '@' if user else ''}{shown}:{path}"
    return Address(text, "ssh", name, None, path.lstrip("/"), _key(name, None, path), user)


def _local(text: str) -> Address:
    path = str(PurePosixPath("/" + text.lstrip("/")))
    if ".." in PurePosixPath(path).parts:
        _refuse("A local path must not go upwards with “..”.")
    if path == "/":
        _refuse("A local path must name a repository.")
    return Address(path, "file", "", None, path, "file:" + _bare_path(path, "/.git", ".git"))


def _host_and_port(server: str, default: int) -> tuple[str, int | None]:
    host, port = server, ""
    if server.startswith("["):
        inner, bracket, tail = server[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            _refuse("The host in the address is not valid.")
        return _ipv6(inner), _port(tail[1:], default)
    host, _, port = server.partition(":")
    host = host.lower().removesuffix(".")
    if not host.isascii():
        _refuse(
            "The host name holds letters outside of ASCII, which can imitate another name.",
            "Use its ASCII form, which begins with xn--.",
        )
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        _refuse("The host in the address is not valid.")
    if _NUMBER_LABEL.match(labels[-1]):
        _ipv4(host)
    return host, _port(port, default)


def _ipv4(host: str) -> None:
    # Resolvers also take 127.1, 0177.0.0.1 and 2130706433: one address, many disguises.
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        _refuse(
            "The host in the address is not a complete IP address.", "Write all four numbers without leading zeros."
        )


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        _refuse("The IPv6 address is not valid.")
    if address.scope_id:
        _refuse("An IPv6 address with a zone is not allowed.")
    return str(address)


def _port(text: str, default: int) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        _refuse("The port in the address is not valid.")
    return None if int(text) == default else int(text)


def _login(protocol: str, login: str) -> tuple[str, str, str]:
    """The ssh user that stays, and the user name and secret that leave the address."""
    name, colon, secret = login.partition(":")
    name, secret = unquote(name), unquote(secret)
    if _CONTROL.search(name + secret):
        _refuse("The user name in the address is not allowed.")
    if protocol == "ssh":
        if name and not _USER.match(name):
            _refuse("The user name in the address is not allowed.")
        return name, name if secret else "", secret
    if protocol == "git" and login:
        _refuse("git:// knows no sign-in.", "Use https or ssh.")
    if name and not colon and len(name) >= _LONG_SECRET:
        return "", "", name  # a bare token, as in https://TOKEN@host/
    return "", name, secret


def _check_path(path: str) -> str:
    path = re.sub(r"/{2,}", "/", path).rstrip("/")
    parts = unquote(path).split("/")
    if not path.strip("/") or ".." in parts or "." in parts:
        _refuse("The address names no repository, or a path with “.” or “..” in it.")
    if parts[0].startswith("-") or _CONTROL.search(unquote(path)):
        _refuse("The path in the address is not allowed.")
    return path


def _bare_path(path: str, *suffixes: str) -> str:
    for suffix in suffixes or (".git",):
        path = path.rstrip("/").removesuffix(suffix)
    return path.rstrip("/")


def _key(host: str, port: int | None, path: str) -> str:
    return f"{host}{f':{port}' if port else ''}/{_bare_path(unquote(path)).lstrip('/')}"


def _resolve(host: str, port: int) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _unknown_host() from error
    return [str(answer[4][0]).partition("%")[0] for answer in answers]


def _unknown_host() -> Unreachable:
    return Unreachable("The server's name was not found.", "Check the address for typing errors.")


def _check_local(address: Address, policy: AddressPolicy) -> Path:
    """The real path, with every symbolic link followed, if it and the repository within lie below an allowed folder."""
    if not policy.local_roots:
        raise Refused(
            "Folders of the server are not allowed here.", "An administrator can allow a folder in the settings."
        )
    roots = [root.resolve() for root in policy.local_roots]
    try:
        path = Path(address.path).resolve()
        places = [path, *_git_places(path)]
    except (OSError, RuntimeError):
        raise Refused("This folder cannot be read.", "Check its links and permissions on the server.") from None
    if not all(any(place.is_relative_to(root) for root in roots) for place in places):
        raise Refused("This folder is not below one that an administrator allowed.", "Use a folder that is allowed.")
    if not path.exists():
        raise NotFound("There is no such folder on the server.", "Check the path for typing errors.")
    return path


def _git_places(path: Path) -> list[Path]:
    """Everywhere git would read for this repository: `.git` may be a link or a file that names another folder, and a
    repository may borrow the objects of others."""
    inner = path / ".git"
    places = [_named_in(inner, path, "gitdir:") if inner.is_file() else inner.resolve()]
    folder = places[0] if places[0].exists() else path
    common = folder / "commondir"
    if common.is_file():
        places.append(_named_in(common, folder))
    waiting = [(at / "objects").resolve() for at in (folder, *places[1:])]
    while waiting and len(places) < MAX_PLACES:
        objects = waiting.pop()
        places.append(objects)
        lenders = objects / "info" / "alternates"
        if lenders.is_file():
            lines = lenders.read_text("utf-8", "surrogateescape")[:65_536].splitlines()
            waiting += [(objects / line).resolve() for line in lines if line and not line.startswith("#")]
    return places + waiting


def _named_in(file: Path, base: Path, key: str = "") -> Path:
    words = file.read_text("utf-8", "surrogateescape")[:4096]
    return (base / words.removeprefix(key).strip()).resolve()


def _refuse(message: str, hint: str = "Use an address such as https://git.example/team/project.git.") -> NoReturn:
    raise Refused(message, hint)
