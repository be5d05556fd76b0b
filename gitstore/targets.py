"""Which network addresses the portal may connect to: public ones, and those an administrator listed."""

import ipaddress
from collections.abc import Iterable

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# Link-local networks and the places where clouds hand out credentials to whoever asks: never, whatever is listed.
_NEVER: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "ff00::/8",
    )
)
# Addresses that stand for an IPv4 address behind a translator.
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TRANSITION: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::ffff:0:0/96",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "::ffff:0:0:0/96",
    )
)


def embedded_ipv4(address: IPAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a v4-mapped, v4-compatible, NAT64, 6to4 or Teredo address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _MAPPED or address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


def may_connect(address: IPAddress, networks: Iterable[IPNetwork], *, trusted: bool) -> bool:
    """Whether policy allows this address. `trusted`: private and loopback ones are allowed for this host."""
    behind = embedded_ipv4(address)
    if any(address in network for network in _NEVER) or (behind and any(behind in network for network in _NEVER)):
        return False
    if any(address in network for network in networks):
        return True
    if any(address in network for network in _TRANSITION) and not address.is_loopback:
        return False
    return trusted or (address.is_global and not address.is_multicast and not address.is_reserved)
