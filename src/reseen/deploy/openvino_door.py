"""The one door to OpenVINO, behind which it reports to nobody."""

import sys
from typing import Any

from reseen.extras import extra

_REPORTS = "openvino_telemetry"


def import_openvino() -> Any:
    """OpenVINO as a module.

    When it is imported and when it converts, OpenVINO sends events to its makers, unless the user has objected: each
    from a fork of this process, for which it waits up to three seconds. Where its package for that cannot be imported
    it goes on without, so from here on this process has none, unless the caller's program has imported it before.

    Raises ReseenError where OpenVINO is not installed.
    """
    sys.modules.setdefault(_REPORTS, None)  # type: ignore[arg-type] # how Python is told that there is none
    with extra("openvino"):
        import openvino
    return openvino
