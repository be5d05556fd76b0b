import base64
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gitstore import environment
from gitstore.addresses import AddressPolicy, CheckedAddress, check_address, parse_address
from gitstore.credentials import Credential, access_to
from gitstore.errors import Broken, Busy, GitError, LimitExceeded, NotFound, Refused, Unreachable
from gitstore.records import Limits
from gitstore.remote import list_remote
from tests.gitstore.forge import Forge

SECRET = "canary-s3cret-0123456789"
TOKEN = Credential("token", "", SECRET)
LIMITS = Limits(seconds=30)
KEY = Credential("ssh-key", "", "-----BEGIN KEY-----\r\ncanary\r\n-----END KEY-----", "git.example ssh-ed25519 AAAA")


def basic(username, secret):
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


def public(text):
    return check_address(parse_address(text), AddressPolicy(("https", "http", "ssh")), lambda *_: ["93.184.216.34"])


class TestHttp:
    def test_fetch_over_http(self, origin, mirror, fetch, forge):
        oid = origin.commit({"a": "1"})
        assert fetch(forge.url()).commit == oid

    @pytest.mark.parametrize(
        ("credential", "header"),
        [
            (TOKEN, basic("x-access-token", SECRET)),
            (Credential("token", "oauth2", SECRET), basic("oauth2", SECRET)),
            (Credential("password", "ann", SECRET + "ø:'\""), basic("ann", SECRET + "ø:'\"")),
        ],
    )
    def test_secret_opens_the_door(self, origin, mirror, fetch, forge, credential, header):
        oid = origin.commit({"a": "1"})
        forge.authorization = header
        assert fetch(forge.url(), credential=credential).commit == oid
        for wrong in (None, Credential("token", "", "wrong-canary")):
            with pytest.raises(Refused) as caught:
                fetch(forge.url(), credential=wrong)
            assert "canary" not in f"{caught.value!r} {caught.value.hint}"

    def test_secret_is_in_no_argument_file_or_message(self, origin, mirror, fetch, forge, monkeypatch):
        origin.commit({"a": "1"})
        seen = []
        watching = threading.Event()

        def watch():
            while not watching.is_set():
                seen.extend(argument_lists())

        watcher = threading.Thread(target=watch)
        watcher.start()
        forge.authorization = basic("x-access-token", SECRET)
        try:
            fetch(forge.url(), credential=TOKEN)
        finally:
            watching.set()
            watcher.join()
        hidden = [SECRET.encode(), base64.b64encode(f"x-access-token:{SECRET}".encode())]
        assert any(b"remote-http" in words for words in seen)
        assert not any(secret in words for words in seen for secret in hidden)
        for file in mirror.path.parent.rglob("*"):
            if file.is_file():
                assert not any(secret in file.read_bytes() for secret in hidden)

    def test_the_trace_of_gitpython_does_not_know_it(self, origin, fetch, forge, caplog):
        origin.commit({"a": "1"})
        forge.authorization = basic("x-access-token", SECRET)
        with caplog.at_level("DEBUG"):
            fetch(forge.url(), credential=TOKEN)
        assert SECRET not in caplog.text and "ls-remote" in caplog.text

    def test_redirects_are_not_followed_and_carry_no_secret(self, origin, mirror, fetch, forge, tmp_path):
        origin.commit({"a": "1"})
        with Forge(tmp_path / "remotes") as sink:
            forge.behaviour, forge.target = "redirect", f"http://127.0.0.1:{sink.port}"
            with pytest.raises(Refused, match="redirect"):
                fetch(forge.url(), credential=TOKEN)
            assert forge.requests and not sink.requests
        assert not mirror.exists

    def test_the_name_is_bound_to_the_address_checked(self, origin, mirror, forge):
        oid = origin.commit({"a": "1"})
        address = parse_address(f"http://git.invalid:{forge.port}/origin.git")
        with mirror.locked():
            assert mirror.fetch(CheckedAddress(address, ("127.0.0.1",)), None).commit == oid
        assert forge.requests[0][1]["Host"] == f"git.invalid:{forge.port}"

    def test_a_second_answer_of_the_name_server_is_not_used(self, origin, mirror, forge, tmp_path):
        """localhost would lead to the server that serves; the address that was checked leads to nobody."""
        origin.commit({"a": "1"})
        address = parse_address(f"http://localhost:{forge.port}/origin.git")
        with pytest.raises(Unreachable), mirror.locked():
            mirror.fetch(CheckedAddress(address, ("127.0.0.9",)), None)
        assert not forge.requests or os.uname().sysname != "Linux"

    def test_proxies_of_the_machine_are_not_used(self, origin, fetch, forge, monkeypatch, tmp_path):
        oid = origin.commit({"a": "1"})
        with Forge(tmp_path) as proxy:
            for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            assert fetch(forge.url()).commit == oid
            assert not proxy.requests

    @pytest.mark.parametrize(
        ("status", "kind"), [(401, Refused), (403, Refused), (404, NotFound), (429, Busy), (500, Unreachable)]
    )
    def test_status_codes(self, fetch, forge, status, kind):
        forge.behaviour, forge.status = "status", status
        with pytest.raises(kind) as caught:
            fetch(forge.url())
        assert type(caught.value) is kind and "own words" not in str(caught.value)

    def test_a_web_page_is_not_a_repository(self, fetch, forge):
        forge.behaviour, forge.status, forge.body = "status", 200, b"<html>canary</html>"
        with pytest.raises(GitError) as caught:
            fetch(forge.url())
        assert isinstance(caught.value, Broken | NotFound) and "canary" not in str(caught.value)

    def test_an_empty_repository_is_one(self, origin, mirror, fetch, forge):
        assert origin.path.exists() and fetch(forge.url()).commit is None

    def test_nobody_listens(self, fetch):
        with pytest.raises(Unreachable):
            fetch("http://127.0.0.1:9/x.git")

    def test_a_server_that_hangs_meets_the_time_limit(self, forge, checked):
        forge.behaviour = "hang"
        with pytest.raises(LimitExceeded):
            list_remote(checked(forge.url()), None, Limits(seconds=1))

    def test_a_server_that_stops_half_way(self, origin, mirror, forge, checked):
        oid = origin.commit({"big": os.urandom(2_000_000)})
        forge.behaviour = "drip"
        slow = type(mirror)(mirror.path, Limits(seconds=3))
        with pytest.raises(LimitExceeded), slow.locked():
            slow.fetch(checked(forge.url()), None)
        assert not mirror.exists
        forge.behaviour = "serve"
        with mirror.locked():
            assert mirror.fetch(checked(forge.url()), None).commit == oid

    def test_no_secret_over_plain_http_to_another_machine(self):
        with pytest.raises(Refused), access_to(public("http://git.example/x"), TOKEN):
            pass

    def test_the_header_belongs_to_one_server(self):
        with access_to(public("https://git.example:8443/x"), TOKEN) as access:
            config = dict(access.config)
        assert config["http.https://git.example:8443/.extraHeader"].startswith("Authorization: Basic ")
        assert config["http.curloptResolve"] == "git.example:8443:93.184.216.34"
        assert config["protocol.https.allow"] == "always" and "protocol.file.allow" not in config
        assert SECRET not in repr(access) and "Basic" not in repr(access)


class TestSsh:
    def test_key_file_is_private_and_gone_afterwards(self):
        with access_to(public("git@git.example:team/x.git"), KEY) as access:
            words = shlex.split(access.env["GIT_SSH_COMMAND"])
            options = dict(word.split("=", 1) for word in words if "=" in word)
            key, hosts = Path(options["IdentityFile"]), Path(options["UserKnownHostsFile"])
            assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
            assert key.read_text() == "-----BEGIN KEY-----\ncanary\n-----END KEY-----\n"
            assert hosts.read_text() == KEY.known_hosts + "\n"
        assert not key.parent.exists()
        assert words[1:3] == ["-F", "/dev/null"]
        assert options["HostName"] == "93.184.216.34" and options["HostKeyAlias"] == "git.example"
        assert options["StrictHostKeyChecking"] == "yes" and options["ProxyCommand"] == "none"
        assert options["IdentityAgent"] == "none" and options["BatchMode"] == "yes"

    def test_key_file_is_gone_after_an_exception(self):
        with pytest.raises(ZeroDivisionError), access_to(public("ssh://git@git.example:2222/x"), KEY) as access:
            folder = Path(shlex.split(access.env["GIT_SSH_COMMAND"])[-1].partition("=")[2]).parent
            assert "HostKeyAlias=[git.example]:2222" in shlex.split(access.env["GIT_SSH_COMMAND"])
            raise ZeroDivisionError
        assert not folder.is_file()
        assert not list(Path(environment._fixed()["TMPDIR"]).glob("portal-ssh-*/key"))

    @pytest.mark.parametrize("credential", [None, TOKEN, Credential("ssh-key", "", "key", "  ")])
    def test_without_key_and_host_key_there_is_no_ssh(self, credential):
        with pytest.raises(Refused) as caught, access_to(public("git@git.example:x"), credential):
            pass
        assert "deploy key" in caught.value.hint + caught.value.message

    def test_deploy_key_does_not_fit_https(self):
        with pytest.raises(Refused), access_to(public("https://git.example/x"), KEY):
            pass

    def test_git_hands_the_command_to_ssh(self, tmp_path, monkeypatch, origin):
        """A stand-in for ssh that notes its arguments and runs what it is told, as a server would."""
        oid = origin.commit({"a": "1"})
        log = tmp_path / "ssh.log"
        stand_in = tmp_path / "ssh"
        stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {log}\nfor last; do :; done\nexec sh -c "$last"\n')
        stand_in.chmod(0o755)
        monkeypatch.setattr("gitstore.credentials._ssh_program", lambda: str(stand_in))
        address = check_address(
            parse_address(f"ssh://git@git.example:2222{origin.path}"), AddressPolicy(), lambda *_: ["93.184.216.34"]
        )
        assert list_remote(address, KEY, LIMITS).refs == 1
        words = log.read_text().splitlines()
        assert "HostName=93.184.216.34" in words and "git@git.example" in words and oid
        assert words[words.index("-p") + 1] == "2222"
        assert "canary" not in log.read_text()


def test_secrets_hide_from_repr():
    assert SECRET not in repr(TOKEN) and SECRET not in str(TOKEN)
    assert "BEGIN" not in repr(KEY) and "AAAA" not in repr(KEY)


def test_embedded_secret_never_reaches_git(forge, origin, checked):
    origin.commit({"a": "1"})
    list_remote(checked(f"http://ann:{SECRET}@127.0.0.1:{forge.port}/origin.git"), None, LIMITS)
    assert forge.requests and not any("Authorization" in headers for _, headers in forge.requests)


def argument_lists():
    """Command lines of all processes of this machine, as anybody may read them."""
    if sys.platform != "linux":
        return [subprocess.run(["ps", "-axww", "-o", "args"], capture_output=True, check=True).stdout]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes())
            except OSError:
                continue
    return found
