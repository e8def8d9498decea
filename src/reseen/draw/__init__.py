"""Drawing: sheets of images, plots, overlays, and the encoders that turn them into bytes."""

from reseen.draw.cameras import CameraMatrix, camera_matrix, plot_cameras
from reseen.draw.curves import plot_cmc, plot_training
from reseen.draw.encode import jpeg_bytes, png_bytes, write_png
from reseen.draw.overlay import contrast_overlay, overlay
from reseen.draw.scatter import Panel, place_on_plane, plot_plane, sample_identities
from reseen.draw.select import Changed, changed_queries, pick_queries, worst_queries
from reseen.draw.sheet import Tile, draw_sheet, ranked_sheet, ranked_tiles
from reseen.draw.similarities import Similarities, count_similarities, plot_similarities

__all__ = [
    "CameraMatrix",
    "Changed",
    "Panel",
    "Similarities",
    "Tile",
    "camera_matrix",
    "changed_queries",
    "contrast_overlay",
    "count_similarities",
    "draw_sheet",
    "jpeg_bytes",
    "overlay",
    "pick_queries",
    "place_on_plane",
    "plot_cameras",
    "plot_cmc",
    "plot_plane",
    "plot_similarities",
    "plot_training",
    "png_bytes",
    "ranked_sheet",
    "ranked_tiles",
    "sample_identities",
    "worst_queries",
    "write_png",
]
