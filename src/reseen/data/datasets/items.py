"""Label files of vehicle sets: ``<Item imageName="000001.jpg" vehicleID="0001" cameraID="c001"/>``, one an image.

Some are declared as gb2312, which Python's parser of XML refuses, so the items are found by their pattern.
"""

import re
from pathlib import Path

_ITEM = re.compile(r"<Item\b([^>]*)>")
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")


def read_items(path: Path) -> list[dict[str, str]]:
    """The attributes of each item, by name; none without the file."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return [dict(_ATTRIBUTE.findall(item)) for item in _ITEM.findall(text)]
