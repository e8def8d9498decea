"""Which clients count as one: those of an IPv4 address, or of the IPv6 network that one of them is given."""

from ipaddress import IPv4Address, ip_address, ip_network

_ONE_CLIENTS_NETWORK = 64


def client_key(address: str) -> str:
    """The same text for all addresses that one client can take; what is no IP address stands for itself.

    >>> client_key("203.0.113.9"), client_key("::ffff:203.0.113.9")
    ('203.0.113.9', '203.0.113.9')
    >>> client_key("2001:db8::1") == client_key("2001:db8::ffff:2")
    True
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _ONE_CLIENTS_NETWORK), strict=False))
