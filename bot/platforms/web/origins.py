"""Finds out where a request comes from: the address of its connection, or what trusted proxies say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from starlette.datastructures import Headers
from starlette.requests import Request

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

MOST_HOPS: Final = 16  # of a forwarding header, counted from the right; no chain of proxies is that long
HOME: Final = 64  # bits of an IPv6 address that one connection to the internet has (RFC 6177: at least that)
SITE: Final = 48  # bits of one that a provider gives to an organisation, and some to every customer
FORWARDING: Final = ("x-forwarded-for", "forwarded")
HANDED_ON: Final = (*FORWARDING, "x-real-ip", "via")  # any of these is of a request that a proxy handed on
HIDDEN: Final = ("unknown", "unix:")  # what proxies write for whom they cannot name, beside `_names` (RFC 7239, 6)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: an address, of IPv6 the /64; None where that is not known, since all hops are
    proxies, or the connection is this machine's own. `is_unexplained` says that somebody near, who is no trusted
    proxy, hands requests on for others; `is_unnamed` that a trusted proxy does not say for whom."""

    address: Network | None
    is_unexplained: bool = False
    is_unnamed: bool = False


UNKNOWN: Final = Origin(None)
UNNAMED: Final = Origin(None, is_unnamed=True)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks whose forwarding headers count; from all others they are as if they were not there."""

    trusted: tuple[Network, ...] = ()

    def origin(self, request: Request) -> Origin:
        """Where a request comes from; the hops of its header count from the right for as long as they are trusted."""
        peer = _address(request.client.host) if request.client else None
        if peer is None:
            return UNKNOWN
        if self._trusts(peer):
            return self._forwarded(peer, _hops(request.headers))
        if not self.trusted and not peer.is_global and _hands_on(peer, request.headers):
            return Origin(None, is_unexplained=True)
        return UNKNOWN if peer.is_loopback else Origin(_home(peer))

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)

    def _forwarded(self, peer: Address, chains: Sequence[Sequence[str]]) -> Origin:
        """Of two headers that disagree one was made up: then the request counts as the proxy's own."""
        found = {self._walked(peer, chain) for chain in chains}
        nearest = found.pop() if len(found) == 1 else peer
        if not found and self._trusts(nearest):
            return UNNAMED
        return Origin(_home(nearest))

    def _walked(self, nearest: Address, chain: Sequence[str]) -> Address:
        """The first hop from the right that is no trusted proxy; where a trusted one hands on what is no address (a
        name that hides one), that proxy."""
        for hop in reversed(chain[-MOST_HOPS:]):
            address = _address(_bare(hop))
            if address is None:
                return nearest
            nearest = address
            if not self._trusts(address):
                break
        return nearest


def _hands_on(peer: Address, headers: Headers) -> bool:
    """Whether a proxy speaks; a neighbour who only says so, and of nobody, is none."""
    if peer.is_loopback:
        return any(name in headers for name in HANDED_ON)
    return any(_names_another(chain[-1], peer) for chain in _hops(headers))


def _names_another(hop: str, peer: Address) -> bool:
    return hop.lower() in HIDDEN or hop.startswith("_") or _address(_bare(hop)) not in (None, peer)


def _hops(headers: Headers) -> list[list[str]]:
    """The hops that each of the two headers names, if it is there; several lines of one name are one list."""
    chains: list[list[str]] = []
    for name in FORWARDING:
        if lines := headers.getlist(name):
            hops = [hop.strip() for hop in ",".join(lines).split(",")]
            chains.append(hops if name != "forwarded" else [_for(hop) for hop in hops])
    return chains


def _for(hop: str) -> str:
    """Who sent it, of one element of `Forwarded` (RFC 7239, 4)."""
    for pair in hop.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value.strip().strip('"')
    return ""


def _bare(hop: str) -> str:
    """An address without its port: `192.0.2.1:80`, `[2001:db8::1]:80`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, colon, port = hop.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else hop


def _address(written: str) -> Address | None:
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def site_of(home: Network) -> Network | None:
    """The /48 of an IPv6 home, which one customer of many providers has whole (RFC 6177); None for IPv4."""
    return home.supernet(new_prefix=SITE) if isinstance(home, IPv6Network) else None


def _home(address: Address) -> Network:
    bits = HOME if isinstance(address, IPv6Address) else address.max_prefixlen
    return ip_network((address, bits), strict=False)
