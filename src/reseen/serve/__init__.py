"""The HTTP service over one gallery, and its one page."""
