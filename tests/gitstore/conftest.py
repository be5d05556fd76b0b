import pytest

from gitstore.addresses import AddressPolicy, check_address, parse_address
from gitstore.mirrors import Mirror
from gitstore.records import Limits
from tests.gitstore.builder import RepositoryBuilder
from tests.gitstore.forge import Forge


@pytest.fixture
def repository_builder(tmp_path):
    """Makes repositories below the test's folder: `repository_builder("name", object_format="sha256")`."""

    def build(name="origin.git", **options):
        return RepositoryBuilder(tmp_path / "remotes" / name, **options)

    return build


@pytest.fixture
def origin(repository_builder):
    return repository_builder()


@pytest.fixture
def checked(tmp_path):
    """An address git may see, for a path below the test's folder or a URL on this machine."""

    def check(target):
        text = str(getattr(target, "path", target))
        policy = AddressPolicy(("https", "http", "ssh", "git"), allow_private=True, local_roots=(tmp_path,))
        return check_address(parse_address(text), policy)

    return check


@pytest.fixture
def mirror(tmp_path):
    return Mirror(tmp_path / "mirrors" / "ab" / "mirror.git", Limits(seconds=60))


@pytest.fixture
def fetch(mirror, checked):
    def run(target, **options):
        with mirror.locked():
            return mirror.fetch(checked(target), options.pop("credential", None), **options)

    return run


@pytest.fixture
def forge(tmp_path):
    """A Git server on 127.0.0.1 for everything below the test's folder `remotes`."""
    with Forge(tmp_path / "remotes") as server:
        yield server
