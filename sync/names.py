"""Looking up the names of servers while somebody waits for a page: many at once, and never longer than a few seconds.

Whatever is not known by then counts as unknown today; each run of a job looks it up again before git sees the address.
"""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from gitstore.addresses import Address, AddressPolicy, CheckedAddress, check_address
from gitstore.errors import Unreachable

SECONDS = 5.0
THREADS = 16

# One for the process: a look-up cannot be interrupted, so silent name servers must not cost a thread for each request.
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="names")


class Names:
    """What the names of these addresses resolve to; each is asked for once, all together within `SECONDS`."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        hosts = {address.host for address in addresses if not address.is_local}
        asked = {_pool.submit(_resolve, host): host for host in sorted(hosts)}
        done, late = wait(asked, SECONDS)
        for future in late:
            future.cancel()
        self._answers = {asked[future]: future.result() for future in done}

    def check(self, address: Address, policy: AddressPolicy) -> CheckedAddress:
        """Hold the address against the policy; raises like `check_address`, Unreachable for a name not known yet."""
        return check_address(address, policy, self._known)

    def _known(self, host: str, _port: int) -> list[str]:
        if answers := self._answers.get(host):
            return answers
        raise Unreachable("The server's name was not found.", "Check the address for typing errors.")


def _resolve(host: str) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(answer[4][0]).partition("%")[0] for answer in answers]
