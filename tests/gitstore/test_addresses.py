import ipaddress
import os

import pytest

from gitstore.addresses import AddressPolicy, check_address, parse_address
from gitstore.errors import GitError, NotFound, Refused, Unreachable
from gitstore.targets import embedded_ipv4, may_connect

HOSTILE = [
    "",
    "   ",
    "ext::sh -c touch% /tmp/pwned",
    "EXT::sh -c id",
    "fd::17/foo",
    "transport::https://example.org/x",
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=id",
    "-u",
    "ssh://-oProxyCommand=id/x",
    "ssh://git@-oProxyCommand=id/x",
    "ssh://-oProxyCommand=id@host.example/x",
    "-oProxyCommand=id:x/y",
    "git@-oProxyCommand=id:x",
    "git@host.example:-x",
    "oauth2:s3cr3t@git.example/team/project.git",
    "ada:s3cr3t@git.example:team/project.git",
    "ada:s3/cr3t@git.example:team/project.git",
    "https://host.example/-x/y",
    "https://host.example/$HOME/x",
    "https://$SECRET@host.example/x",
    "https://host.example/${IFS}x",
    "https://host.example/a%0ab",
    "https://host.example/a%0D%0Ab",
    "https://host.example/a%00b",
    "https://host.example/a\nb",
    "https://host.example/a\x00b",
    "https://host.example/a\x7fb",
    "https://host.example\u202e/a",
    "https://host.example/a\u200bb",
    "https://host.exam%70le/a",
    "https://host.example/a%zz",
    "https://u%0a:p@host.example/a",
    "https://gіthub.com/a/b",
    "https://ｇｉｔｈｕｂ.com/a/b",
    "https://github。com/a/b",
    "https://good.example\\@evil.example/x",
    "https://good.example#@evil.example/x",
    "https://good.example?@evil.example/x",
    "https://good.example /x",
    "https://host.example",
    "https://host.example/",
    "https://host.example/.",
    "https://host.example/a/../b",
    "https://host.example/a/%2e%2e/b",
    "https:///a/b",
    "https://:443/a",
    "https://host.example:0/a",
    "https://host.example:65536/a",
    "https://host.example:44x/a",
    "https://host.example:-1/a",
    "https://a..b/x",
    "https://-bad.example/x",
    "https://127.1/x",
    "https://0177.0.0.1/x",
    "https://0x7f.0.0.1/x",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://1.2.3.4.5/x",
    "https://[::1/x",
    "https://[::1]x/x",
    "https://[fe80::1%25eth0]/x",
    "https://[nonsense]/x",
    "ftp://host.example/x",
    "git+ssh://host.example/x",
    "http+unix://%2fvar%2frun/x",
    "file://host.example/etc",
    "file:relative\\x",
    "../relative",
    "relative/path",
    "~/repo",
    "C:/Users/x",
    "/a/../etc",
    "/",
    "//",
    "git://user:pw@host.example/x",
    "https://" + "a" * 300 + "/x",
    "https://host.example/" + "x" * 10_000,
    "https://" + "a." * 140 + "example/x",
]
PUBLIC = "93.184.216.34"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_in_plain_words(text):
    with pytest.raises(Refused) as caught:
        parse_address(text)
    assert caught.value.message and caught.value.hint
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "group",
    [
        [
            "https://git.example/team/project",
            "https://git.example/team/project.git",
            "https://git.example/team/project.git/",
            "https://GIT.Example:443/team//project/",
            "https://user:secret@git.example./team/project",
            "http://git.example:80/team/project.git",
            "git@git.example:team/project.git",
            "git.example:/team/project",
            "ssh://git@git.example/team/project.git",
            "ssh://git@git.example:22/team/project",
            "git://git.example/team/project.git",
            "  https://git.example/team/%70roject\n",
        ],
        ["https://git.example:8443/x", "https://git.example:8443/x.git"],
        ["/srv/git/x.git", "file:///srv/git/x.git", "file://localhost/srv//git/x/", "/srv/git/x/.git"],
        ["https://[2606:2800:220:1:0:0:0:1]/x", "ssh://git@[2606:2800:220:1::1]/x.git"],
    ],
)
def test_spellings_of_one_address_share_a_key(group):
    assert len({parse_address(text).key for text in group}) == 1


def test_different_repositories_have_different_keys():
    texts = [
        "https://git.example/a",
        "https://git.example/A",
        "https://git.example/a/b",
        "https://git.example:8443/a",
        "https://other.example/a",
        "/git.example/a",
    ]
    assert len({parse_address(text).key for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "clean", "username", "secret"),
    [
        ("https://ann:s3cr%40t@git.example/x", "https://git.example/x", "ann", "s3cr@t"),
        ("https://ann@git.example/x", "https://git.example/x", "ann", ""),
        ("https://glpat-0123456789abcdefgh@git.example/x", "https://git.example/x", "", "glpat-0123456789abcdefgh"),
        ("https://:tok@git.example:8443/x", "https://git.example:8443/x", "", "tok"),
        ("ssh://git:pw@git.example/x", "ssh://git@git.example/x", "git", "pw"),
        ("git@git.example:x/y.git", "git@git.example:x/y.git", "", ""),
    ],
)
def test_secrets_leave_the_address(text, clean, username, secret):
    address = parse_address(text)
    assert (address.text, address.username, address.secret) == (clean, username, secret)
    if secret:
        assert secret not in repr(address) and secret not in str(address)


def test_facts_of_an_address():
    address = parse_address("ssh://git@Git.Example:2222/team/project.git/")
    assert (address.protocol, address.host, address.port, address.path) == (
        "ssh",
        "git.example",
        2222,
        "team/project.git",
    )
    assert (address.user, address.name, address.is_local) == ("git", "project", False)
    assert parse_address("/srv/git/deep/thing.git").name == "thing"


PRIVATE = [
    "127.0.0.1",
    "127.255.0.9",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.5",
    "198.18.0.1",
    "::1",
    "fd12::1",
    "2001:db8::1",
]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "169.254.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
]
TRANSITION = ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "::7f00:1"]


def check(text, policy, *answers):
    return check_address(parse_address(text), policy, lambda host, port: list(answers))


class TestTargets:
    @pytest.mark.parametrize("ip", PRIVATE + NEVER + TRANSITION)
    def test_private_targets_are_refused(self, ip):
        with pytest.raises(Refused):
            check("https://innocent.example/x", AddressPolicy(), ip)

    @pytest.mark.parametrize("ip", PRIVATE)
    def test_private_targets_may_be_allowed(self, ip):
        assert check("https://git.corp/x", AddressPolicy(allow_private=True), ip).ips == (ip,)

    @pytest.mark.parametrize("ip", NEVER)
    def test_metadata_addresses_are_never_allowed(self, ip):
        policy = AddressPolicy(allow_private=True, allowed_hosts=("0.0.0.0/0", "::/0", "git.corp"))
        with pytest.raises(Refused):
            check("https://git.corp/x", policy, ip)

    def test_every_answer_must_be_allowed(self):
        with pytest.raises(Refused):
            check("https://twofaced.example/x", AddressPolicy(), PUBLIC, "127.0.0.1")

    def test_the_answers_checked_are_the_ones_git_gets(self):
        answers = iter([[PUBLIC], ["127.0.0.1"]])
        checked = check_address(parse_address("https://rebind.example/x"), AddressPolicy(), lambda *_: next(answers))
        assert checked.ips == (PUBLIC,) and checked.ip == PUBLIC

    @pytest.mark.parametrize(
        ("allowed", "good", "bad"),
        [
            ("git.corp", "https://git.corp/x", "https://evil.corp/x"),
            ("*.corp", "https://git.corp/x", "https://corp/x"),
            ("git.corp:8443", "https://git.corp:8443/x", "https://git.corp/x"),
        ],
    )
    def test_hosts_by_name(self, allowed, good, bad):
        policy = AddressPolicy(allowed_hosts=(allowed,))
        assert check(good, policy, "10.0.0.1").ip == "10.0.0.1"
        with pytest.raises(Refused):
            check(bad, policy, "10.0.0.1")

    def test_networks_by_cidr(self):
        policy = AddressPolicy(allowed_hosts=("10.1.0.0/16",))
        assert check("https://git.corp/x", policy, "10.1.9.9").ip == "10.1.9.9"
        with pytest.raises(Refused):
            check("https://git.corp/x", policy, "10.2.0.1")

    def test_loopback_is_resolved_for_real(self):
        with pytest.raises(Refused):
            check_address(parse_address("https://localhost/x"), AddressPolicy())
        with pytest.raises(Refused):
            check_address(parse_address("https://[::ffff:127.0.0.1]/x"), AddressPolicy())

    def test_unknown_name_is_unreachable(self):
        with pytest.raises(Unreachable) as caught:
            check_address(parse_address("https://no-such-host.invalid/x"), AddressPolicy())
        assert caught.value.retry_soon

    def test_protocol_must_be_allowed(self):
        for text in ("http://git.example/x", "git://git.example/x"):
            with pytest.raises(Refused):
                check(text, AddressPolicy(), PUBLIC)
            assert check(text, AddressPolicy(("http", "git")), PUBLIC)

    def test_git_protocol_is_bound_by_its_address(self):
        checked = check("git://git.example:9999/a/b", AddressPolicy(("git",)), PUBLIC)
        assert checked.url == f"git://{PUBLIC}:9999/a/b"

    def test_embedded_addresses(self):
        assert str(embedded_ipv4(ipaddress.ip_address("2002:7f00:1::"))) == "127.0.0.1"
        assert not may_connect(ipaddress.ip_address("fec0::1"), [], trusted=True)


class TestLocalPaths:
    def test_only_below_a_root(self, tmp_path, repository_builder):
        builder = repository_builder()
        policy = AddressPolicy(local_roots=(tmp_path,))
        assert check_address(parse_address(str(builder.path)), policy).url == str(builder.path)
        assert check_address(parse_address(f"file://{builder.path}"), policy).local == builder.path
        for outside in ("/etc", "file:///etc", "/etc/passwd", "/nonexistent/x"):
            with pytest.raises(Refused) as caught:
                check_address(parse_address(outside), policy)
            assert not isinstance(caught.value, NotFound)

    def test_no_roots_no_paths(self, origin):
        with pytest.raises(Refused):
            check_address(parse_address(str(origin.path)), AddressPolicy(("file", "https")))

    def test_missing_below_a_root(self, tmp_path):
        with pytest.raises(NotFound):
            check_address(parse_address(str(tmp_path / "none")), AddressPolicy(local_roots=(tmp_path,)))

    def test_links_out_of_the_root_are_refused(self, tmp_path, repository_builder):
        root = tmp_path / "root"
        (root / "work").mkdir(parents=True)
        outside = repository_builder("secret.git").path
        os.symlink(outside, root / "link")
        (root / "work" / ".git").write_text(f"gitdir: {outside}\n")
        os.symlink(root / "loop", root / "loop")
        for name in ("borrows", "shares"):
            (root / name / "objects" / "info").mkdir(parents=True)
        (root / "borrows" / "objects" / "info" / "alternates").write_text(f"# a lender\n{outside}/objects\n")
        (root / "shares" / "commondir").write_text(f"{outside}\n")
        (root / "linked").mkdir()
        os.symlink(outside, root / "linked" / "objects")
        for name in ("link", "work", "loop", "borrows", "shares", "linked"):
            with pytest.raises(GitError):
                check_address(parse_address(str(root / name)), AddressPolicy(local_roots=(root,)))
