"""The HTTP service of one gallery, and its web page."""

from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits

__all__ = ["Limits", "create_app"]
