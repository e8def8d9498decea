"""panda3d's software renderer behind a few calls: a buffer off screen, solids on it, a camera.

All of panda3d that the package uses is here; it fills triangles and tests depth, nothing else.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from reseen.extras import extra
from reseen.synth.render.mesh import Array

with extra("synth"):
    from panda3d import core

_SETTINGS = "load-display p3tinydisplay\naudio-library-name null\nnotify-level-display error\n"


class Solid:
    """Triangles of fixed topology on the stage; places and colours of its vertices may change between images."""

    def __init__(self, root: Any, *, count: int, triangles: npt.NDArray[np.int32]) -> None:
        self._rows = np.empty(count, dtype=[("place", "<f4", 3), ("colour", "u1", 4)])
        self._data = core.GeomVertexData("mesh", core.GeomVertexFormat.get_v3c4(), core.Geom.UH_dynamic)
        self._data.unclean_set_num_rows(count)
        faces = core.GeomTriangles(core.Geom.UH_static)
        faces.set_index_type(core.Geom.NT_uint32)
        index = faces.modify_vertices()
        index.unclean_set_num_rows(triangles.size)
        index.modify_handle().copy_data_from(np.ascontiguousarray(triangles, "<u4").tobytes())
        geometry = core.Geom(self._data)
        geometry.add_primitive(faces)
        node = core.GeomNode("mesh")
        node.add_geom(geometry)
        self._node = root.attach_new_node(node)

    def fill(self, vertices: Array, colours: npt.NDArray[np.uint8], codes: npt.NDArray[np.uint8]) -> None:
        """Set all places (V, 3), colours (V, 3) and alpha codes (V,)."""
        self._rows["place"] = vertices
        self._rows["colour"][:, :3] = colours
        self._rows["colour"][:, 3] = codes
        self._data.modify_array_handle(0).copy_data_from(self._rows.tobytes())

    def remove(self) -> None:
        """Take it off the stage."""
        self._node.remove_node()


class Stage:
    """One off-screen buffer of ``rows`` x ``columns`` pixels with its camera."""

    def __init__(self, rows: int, columns: int) -> None:
        core.load_prc_file_data("", _SETTINGS)
        self._engine = core.GraphicsEngine()
        self._buffer = self._open(rows, columns)
        self._texture = core.Texture()
        self._buffer.add_render_texture(self._texture, core.GraphicsOutput.RTM_copy_ram)
        self._buffer.set_clear_color((0, 0, 0, 0))
        self._root = core.NodePath("scene")
        self._root.set_attrib(core.ColorAttrib.make_vertex())
        self._lens = core.PerspectiveLens()
        self._eye = self._root.attach_new_node(core.Camera("camera", self._lens))
        self._buffer.make_display_region().set_camera(self._eye)

    def add(self, *, count: int, triangles: npt.NDArray[np.int32]) -> Solid:
        """A solid of ``count`` vertices; fill it before the next image."""
        return Solid(self._root, count=count, triangles=triangles)

    def aim(self, eye: list[float], target: list[float], *, window: list[float], near: float, far: float) -> None:
        """Put the camera at ``eye``, looking at ``target``; ``window`` (left, bottom, right, top) one metre ahead."""
        left, bottom, right, top = window
        self._lens.set_focal_length(1)
        self._lens.set_film_size(right - left, top - bottom)
        self._lens.set_film_offset((left + right) / 2, (bottom + top) / 2)
        self._lens.set_near_far(near, far)
        self._eye.set_pos(*eye)
        self._eye.look_at(*target)

    def take(self) -> bytes:
        """The image as it is now: rows from the bottom, four bytes a pixel (blue, green, red, code)."""
        self._engine.render_frame()
        return bytes(self._texture.get_ram_image())

    def close(self) -> None:
        """Give the buffer back."""
        self._engine.remove_all_windows()

    def _open(self, rows: int, columns: int) -> Any:
        kinds = core.GraphicsPipeSelection.get_global_ptr()
        names = {str(kinds.get_pipe_type(i)): i for i in range(kinds.get_num_pipe_types())}
        pipe = kinds.make_pipe(kinds.get_pipe_type(names["TinyOffscreenGraphicsPipe"]))
        wanted = core.FrameBufferProperties()
        wanted.set_rgba_bits(8, 8, 8, 8)
        wanted.set_depth_bits(24)
        size = core.WindowProperties.size(columns, rows)
        return self._engine.make_output(pipe, "picture", 0, wanted, size, core.GraphicsPipe.BF_refuse_window)
