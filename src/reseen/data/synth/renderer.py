"""Models to pictures: panda3d's software renderer off screen, twice the wanted size, averaged down.

H, W = rows and columns of the picture asked for. Each vertex is lit here (shading.py); panda3d only fills triangles.
Its alpha channel carries a code: the object, its marks, or the depth of the shadow on the ground.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from reseen.data.synth.mesh import Array, Part, unit
from reseen.data.synth.shading import Light, Model, assemble, shade, to_bytes
from reseen.data.synth.shadow import ground_shadow

__all__ = ["Camera", "Light", "Rendered", "Renderer", "assemble", "frame"]

_SETTINGS = "load-display p3tinydisplay\naudio-library-name null\nnotify-level-display error\n"


class Camera(NamedTuple):
    """A pinhole at ``eye`` (3,) that looks at ``target`` (3,), metres.

    ``window`` (left, bottom, right, top): the part of the picture plane one metre ahead that is shown, x right, y up.
    """

    eye: Sequence[float]
    target: Sequence[float]
    window: Sequence[float] = (-0.3, -0.3, 0.3, 0.3)

    @property
    def axes(self) -> Array:
        """The rows right, forward, up (3, 3) of the camera."""
        forward = unit(np.asarray(self.target, np.float64) - np.asarray(self.eye, np.float64))
        right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
        return np.stack([right, forward, np.cross(right, forward)]).astype(np.float32)

    def project(self, points: Array) -> Array:
        """(V, 3) -> (V, 3): right and up on the picture plane, and the depth in metres."""
        seen = (points - np.asarray(self.eye, np.float32)) @ self.axes.T
        return np.stack([seen[:, 0] / seen[:, 1], seen[:, 2] / seen[:, 1], seen[:, 1]], axis=1)


class Rendered(NamedTuple):
    """One object without its background, H rows from the top, W columns.

    ``rgb`` (H, W, 3) sRGB 0..1, already multiplied by ``alpha`` (H, W), the share of the pixel that is object;
    ``shadow`` (H, W) how much of the ground's light is taken away, 0..1; ``marks`` (H, W) bool, or None.
    """

    rgb: Array
    alpha: Array
    shadow: Array
    marks: npt.NDArray[np.bool_] | None


def frame(
    points: Array,
    *,
    eye: Sequence[float],
    target: Sequence[float],
    aspect: float,
    stretch: float = 1.0,
    margin: float = 0.06,
    shift: Sequence[float] = (0.0, 0.0),
) -> Camera:
    """A camera whose window holds all ``points`` (V, 3), as a detector's box would.

    ``aspect`` = width / height of the picture; the window's own may differ by the factor ``stretch`` (>= 1) either
    way, as when boxes are resized. ``margin`` and ``shift`` (right, up) are shares of the box's size.
    """
    camera = Camera(eye, target)
    seen = camera.project(points)
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    size = (high - low) * (1 + 2 * margin)
    centre = (low + high) / 2 + np.asarray(shift) * size
    shape = np.clip(size[0] / size[1], aspect / stretch, aspect * stretch)
    size = np.maximum(size, [size[1] * shape, size[0] / shape])
    window = (*(centre - size / 2), *(centre + size / 2))
    return camera._replace(window=tuple(float(edge) for edge in window))


class Renderer:
    """One off-screen buffer for pictures of ``size`` (H, W); close it, or use it in a ``with``."""

    def __init__(self, size: tuple[int, int]) -> None:
        from panda3d import core

        core.load_prc_file_data("", _SETTINGS)
        self._core: Any = core
        self._rows, self._columns = 2 * size[0], 2 * size[1]
        self._engine = core.GraphicsEngine()
        self._buffer = self._open_buffer()
        self._texture = core.Texture()
        self._buffer.add_render_texture(self._texture, core.GraphicsOutput.RTM_copy_ram)
        self._buffer.set_clear_color((0, 0, 0, 0))
        self._root = core.NodePath("scene")
        self._root.set_attrib(core.ColorAttrib.make_vertex())
        self._lens = core.PerspectiveLens()
        self._eye = self._root.attach_new_node(core.Camera("camera", self._lens))
        self._buffer.make_display_region().set_camera(self._eye)
        self._drawn: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the buffer back."""
        self._engine.remove_all_windows()

    def render(self, parts: Sequence[Part], camera: Camera, light: Light, *, masks: bool = False) -> Rendered:
        """The object as ``camera`` sees it under ``light``; ``masks`` asks for the marks' pixels too."""
        return self.draw(assemble(parts), camera, light, masks=masks)

    def draw(self, model: Model, camera: Camera, light: Light, *, masks: bool = False) -> Rendered:
        """The same for parts that are already assembled."""
        for node in self._drawn:
            node.remove_node()
        lit = to_bytes(shade(model, eye=camera.eye, light=light))
        points, faces, depth = ground_shadow(model.vertices, light)
        ground = np.zeros((len(points), 3), np.uint8)
        self._drawn = [
            self._add(model.vertices, np.column_stack([lit, model.code]), model.triangles),
            self._add(points, np.column_stack([ground, depth]), faces),
        ]
        self._look(camera, np.concatenate([model.vertices, points]))
        self._engine.render_frame()
        return self._read(masks=masks)

    def _open_buffer(self) -> Any:  # noqa: ANN401 (panda3d has no types)
        core = self._core
        kinds = core.GraphicsPipeSelection.get_global_ptr()
        names = {str(kinds.get_pipe_type(i)): i for i in range(kinds.get_num_pipe_types())}
        pipe = kinds.make_pipe(kinds.get_pipe_type(names["TinyOffscreenGraphicsPipe"]))
        wanted = core.FrameBufferProperties()
        wanted.set_rgba_bits(8, 8, 8, 8)
        wanted.set_depth_bits(24)
        size = core.WindowProperties.size(self._columns, self._rows)
        return self._engine.make_output(pipe, "picture", 0, wanted, size, core.GraphicsPipe.BF_refuse_window)

    def _add(self, vertices: Array, colours: npt.NDArray[np.uint8], triangles: npt.NDArray[np.int32]) -> Any:  # noqa: ANN401
        core = self._core
        rows = np.empty(len(vertices), dtype=[("place", "<f4", 3), ("colour", "u1", 4)])
        rows["place"], rows["colour"] = vertices, colours
        data = core.GeomVertexData("mesh", core.GeomVertexFormat.get_v3c4(), core.Geom.UH_static)
        data.unclean_set_num_rows(len(vertices))
        data.modify_array_handle(0).copy_data_from(rows.tobytes())
        faces = core.GeomTriangles(core.Geom.UH_static)
        faces.set_index_type(core.Geom.NT_uint32)
        index = faces.modify_vertices()
        index.unclean_set_num_rows(triangles.size)
        index.modify_handle().copy_data_from(np.ascontiguousarray(triangles, "<u4").tobytes())
        geometry = core.Geom(data)
        geometry.add_primitive(faces)
        node = core.GeomNode("mesh")
        node.add_geom(geometry)
        return self._root.attach_new_node(node)

    def _look(self, camera: Camera, points: Array) -> None:
        left, bottom, right, top = camera.window
        depth = camera.project(points)[:, 2]
        self._lens.set_focal_length(1)
        self._lens.set_film_size(right - left, top - bottom)
        self._lens.set_film_offset((left + right) / 2, (bottom + top) / 2)
        self._lens.set_near_far(max(float(depth.min()) * 0.98, 0.05), float(depth.max()) * 1.02)
        self._eye.set_pos(*(float(value) for value in camera.eye))
        self._eye.look_at(*(float(value) for value in camera.target))

    def _read(self, *, masks: bool) -> Rendered:
        size = (self._columns, self._rows)
        data = self._texture.get_ram_image()
        picture = Image.frombuffer("RGB", size, data, "raw", "BGRX", 0, -1).reduce(2)
        code = np.frombuffer(data, np.uint8).reshape(self._rows, self._columns, 4)[::-1, :, 3]
        solid = code >= 128
        shadow = np.where(solid, 0, code)
        alpha = _average(solid)
        # Only the part of a pixel that is ground says how dark its ground is.
        depth = _average(shadow) / 127 / np.maximum(1 - alpha, 0.25)
        marks = _average(solid & (code < 224)) >= 0.5 if masks else None
        return Rendered(np.asarray(picture, np.float32) / 255, alpha, np.minimum(depth, 1), marks)


def _average(fine: npt.NDArray[np.generic]) -> Array:
    """(2H, 2W) -> (H, W), the mean of each block of four."""
    whole = fine.astype(np.uint16)
    total = whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]
    return total.astype(np.float32) / 4
