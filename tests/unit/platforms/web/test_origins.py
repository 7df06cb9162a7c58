"""Where a request comes from: by its connection, by what trusted proxies say, and never by what a stranger says."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from bot.platforms.web.origins import Origin, Proxies, site_of
from bot.settings import Settings

READER, OTHER = "81.2.69.142", "5.6.7.8"
CADDY = "172.18.0.2"


def request(peer: str | None, *headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
    return Request({"type": "http", "headers": raw, "client": (peer, 4000) if peer else None})


def found(proxies: str, peer: str | None, *headers: tuple[str, str]) -> Origin:
    trusted = Settings(explainer_trusted_proxies=proxies).explainer_trusted_proxies
    return Proxies(trusted).origin(request(peer, *headers))


def seen(proxies: str, peer: str | None, *headers: tuple[str, str]) -> str | None:
    """The address that a request counts as."""
    origin = found(proxies, peer, *headers)
    return str(origin.address) if origin.address else None


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        (READER, f"{READER}/32"),
        (f"::ffff:{READER}", f"{READER}/32"),
        ("2a02:8070:1:2:3:4:5:6", "2a02:8070:1:2::/64"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("127.0.0.1", None),
        ("::1", None),
        ("testclient", None),
        (None, None),
    ],
)
def test_connection_tells_where_a_request_comes_from(peer: str | None, counted: str | None) -> None:
    assert seen("", peer) == counted


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"])
def test_header_of_a_stranger_counts_for_nothing(name: str) -> None:
    value = f"for={OTHER}" if name == "forwarded" else OTHER
    assert seen("", READER, (name, value)) == f"{READER}/32"
    assert seen("172.16.0.0/12", READER, (name, value)) == f"{READER}/32"


@pytest.mark.parametrize(
    "header",
    [
        ("x-forwarded-for", READER),
        ("x-forwarded-for", f"{READER}:50123"),
        ("x-forwarded-for", f"{OTHER}, {READER}"),
        ("x-forwarded-for", f"{OTHER}, {READER}, 172.18.0.9"),
        ("x-forwarded-for", f"172.18.0.7,{READER},172.18.0.9"),
        ("x-forwarded-for", f"<script>,,{READER}"),
        ("forwarded", f"for={READER};proto=https"),
        ("forwarded", f'proto=https;For="{READER}:80"'),
        ("forwarded", f"for={OTHER}, for={READER}"),
        ("forwarded", f'for="{OTHER}, for={OTHER}, for={READER}'),
    ],
)
def test_trusted_proxy_is_believed_from_the_right(header: tuple[str, str]) -> None:
    assert seen("172.16.0.0/12", CADDY, header) == f"{READER}/32"


def test_lines_of_one_header_are_one_list() -> None:
    lines = [("x-forwarded-for", OTHER), ("x-forwarded-for", READER)]
    assert seen(CADDY, CADDY, *lines) == f"{READER}/32"


def test_home_on_ipv6_is_told_from_its_neighbour() -> None:
    homes = {seen(CADDY, CADDY, ("forwarded", f'for="[2a02:8070:1:{number}::7]:80"')) for number in (2, 3)}
    assert homes == {"2a02:8070:1:2::/64", "2a02:8070:1:3::/64"}


@pytest.mark.parametrize("real", ["x-forwarded-for", "forwarded"])
def test_second_header_that_disagrees_was_made_up_and_hides_nobody(real: str) -> None:
    truth = {"x-forwarded-for": READER, "forwarded": f"for={READER}"}
    lies = {"x-forwarded-for": OTHER, "forwarded": f"for={OTHER}"} | {real: truth[real]}
    assert seen(CADDY, CADDY, *truth.items()) == f"{READER}/32"
    assert seen(CADDY, CADDY, *lies.items()) == f"{CADDY}/32"


@pytest.mark.parametrize("headers", [[], [("x-forwarded-for", "")], [("x-forwarded-for", f"{CADDY}, 172.18.0.9")],
                                     [("x-forwarded-for", "unix:")], [("forwarded", "for=unknown")]])  # fmt: skip
def test_proxy_that_names_nobody_leaves_the_reader_unknown_and_is_noticed(headers: list[tuple[str, str]]) -> None:
    assert found("172.16.0.0/12", CADDY, *headers) == Origin(None, is_unnamed=True)


@pytest.mark.parametrize("header", [("x-real-ip", READER), ("via", "1.1 proxy"), ("x-forwarded-for", "nonsense")])
def test_request_that_a_proxy_on_this_machine_handed_on_is_not_this_machine_s_own(header: tuple[str, str]) -> None:
    assert found("", "127.0.0.1", header) == Origin(None, is_unexplained=True)


@pytest.mark.parametrize("header", [("x-forwarded-for", "nonsense"), ("x-forwarded-for", ""), ("forwarded", "by=me"),
                                    ("x-forwarded-for", f"{READER}, {CADDY}"), ("via", "1.1 proxy")])  # fmt: skip
def test_neighbour_who_hands_on_for_nobody_counts_itself(header: tuple[str, str]) -> None:
    assert seen("", CADDY, header) == f"{CADDY}/32"


@pytest.mark.parametrize("header", [("forwarded", "for=unknown"), ("forwarded", "for=_hidden"),
                                    ("x-forwarded-for", "unix:"), ("x-forwarded-for", f"x, {READER}:80")])  # fmt: skip
def test_neighbour_who_hides_its_readers_is_a_proxy(header: tuple[str, str]) -> None:
    assert found("", CADDY, header) == Origin(None, is_unexplained=True)


def test_site_is_of_ipv6_alone() -> None:
    assert str(site_of(ip_network("2a02:8070:1:2::/64"))) == "2a02:8070:1::/48"
    assert site_of(ip_network(f"{READER}/32")) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", CADDY, "fd00::2", "100.64.0.9"])
def test_proxy_nearby_that_nobody_trusted_is_noticed_and_not_taken_for_a_reader(peer: str) -> None:
    handed_on = request(peer, ("x-forwarded-for", READER))
    assert Proxies().origin(handed_on) == Origin(None, is_unexplained=True)


def test_neighbour_of_a_trusted_proxy_cannot_hide_behind_a_header() -> None:
    assert seen("172.18.0.2", "172.18.0.3", ("x-forwarded-for", READER)) == "172.18.0.3/32"


@given(lie=st.text(max_size=60), name=st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_whatever_a_reader_writes_before_it_the_last_hop_counts(lie: str, name: str) -> None:
    truth = f"for={READER}" if name == "forwarded" else READER
    assert seen(CADDY, CADDY, (name, f"{lie}, {truth}")) == f"{READER}/32"
