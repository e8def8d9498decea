"""The key that identifies a client: its IPv4 address, or the IPv6 network that it is assigned."""

from ipaddress import IPv4Address, ip_address, ip_network

_CLIENT_PREFIX = 64


def client_key(address: str) -> str:
    """The same text for all addresses that one client can use; text that is no IP address is returned as it is.

    >>> client_key("203.0.113.9"), client_key("::ffff:203.0.113.9")
    ('203.0.113.9', '203.0.113.9')
    >>> client_key("2001:db8::1") == client_key("2001:db8::ffff:2")
    True
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, _CLIENT_PREFIX), strict=False))
