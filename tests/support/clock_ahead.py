"""Versions of a gallery as if the clock had been ahead when they were written."""

import re


def varint(number: int) -> bytes:
    """As protobuf writes a number: seven bits a byte, the lowest first."""
    lowest, rest = number & 0x7F, number >> 7
    return bytes([lowest | 0x80]) + varint(rest) if rest else bytes([lowest])


def dated(manifest: bytes, *, now: float, ahead: int) -> bytes:
    """The manifest, written within the last ten minutes, with a time so many seconds later."""
    for seconds in range(int(now), int(now) - 600, -1):
        # a field of its own, of 6 to 12 bytes: 1 the seconds, and mostly 2 the nanoseconds
        pattern = re.compile(rb"(?<=[\x06-\x0c]\x08)" + re.escape(varint(seconds)) + rb"(?=\x10)")
        changed, count = pattern.subn(lambda _, at=seconds: varint(at + ahead), manifest)
        if count == 1:
            assert len(changed) == len(manifest)
            return changed
    raise AssertionError("this manifest's time was not found: how LanceDB writes it has changed")
