"""Which video or folder of frames belongs to which camera."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars

from reseen.data.frames.folder import FrameFiles
from reseen.data.frames.video import Video
from reseen.data.tracks import Tracks
from reseen.errors import ReseenError, unknown

VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"})
"""What a video file's name may end in, in lower case."""


def find_videos(places: Sequence[str], cameras: Iterable[str], *, first: int = 0) -> dict[str, Video]:
    """The video of each camera.

    Args:
        places: Folders that hold CAMERA.mp4, CAMERA/vdo.avi or, as CityFlow, S01/CAMERA/vdo.avi; and CAMERA=FILE for
            single cameras, which counts more.
        cameras: Their names.
        first: The number of the first frame.

    Raises:
        ReseenError: A camera has no video or several, or one is named that has no track.
    """
    names, named, folders = sorted(cameras), dict[str, Path](), list[Path]()
    for place in places:
        camera, separator, file = place.partition("=")
        if not separator or Path(place).exists():
            folders.append(_folder(Path(place)))
        elif camera in names:
            named[camera] = Path(file)
        else:
            raise ReseenError(f"{place}: {unknown('camera', camera, names)}")
    files = {name: named[name] if name in named else _video(folders, name) for name in names}
    return {name: Video(file, first=first) for name, file in files.items()}


def find_frames(place: str, cameras: Iterable[str]) -> dict[str, FrameFiles]:
    """The frames of each camera.

    Args:
        place: A folder with a folder of frames for each camera, CAMERA/000123.jpg, CAMERA/img1/000123.jpg, or with a
            scenario before; or a pattern such as shots/{camera}/{frame:06d}.jpg.
        cameras: Their names.

    Raises:
        ReseenError: A camera has no frames, or the pattern lacks a name.
    """
    names = sorted(cameras)
    if "{" in place:
        if "{camera}" not in place and len(names) > 1:
            raise ReseenError(f"{place}: expected {{camera}} in the pattern, as the tracks have {len(names)} cameras")
        return {name: _matching(place, name) for name in names}
    folder = _folder(Path(place))
    found = {}
    for name in names:
        inside = _one(
            [folder / name.lstrip("/"), *sorted(folder.glob(f"*/{_literal(name)}"))], name, folder=folder, kind="folder"
        )
        found[name] = FrameFiles.in_folder(inside)
    return found


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ReseenError(f"{path}: no such folder")
    return path


def _video(folders: Sequence[Path], camera: str) -> Path:
    name = _literal(camera)
    near = [path for folder in folders for path in sorted(folder.glob(f"{name}.*"))]
    below = [
        path for folder in folders for pattern in (name, f"*/{name}") for path in sorted(folder.glob(f"{pattern}/*"))
    ]
    files = [path for path in (*near, *below) if path.suffix.lower() in VIDEOS]
    where = ", ".join(map(str, folders)) or f"{camera}=FILE"
    return _one(files, camera, folder=where, kind="video")


def _one(paths: Sequence[Path], camera: str, *, folder: Path | str, kind: str) -> Path:
    found = [path for path in paths if path.exists()]
    if len(found) != 1:
        got = f"several ({', '.join(path.name for path in found[:3])})" if found else "none"
        form = f"{camera}.mp4 or {camera}/vdo.avi" if kind == "video" else f"{camera}/000123.jpg"
        raise ReseenError(f"{folder}: expected one {kind} of camera {camera}, such as {form}, got {got}")
    return found[0]


def _literal(name: str) -> str:
    """A name inside a glob pattern."""
    return re.sub(r"([*?[])", r"[\1]", name.lstrip("/"))


def _matching(pattern: str, camera: str) -> FrameFiles:
    """The files that a pattern names for a camera: every number in place of its frame."""
    fields = re.findall(r"{(\w*)(?::0?\d*d)?}", pattern)
    if "frame" not in fields or set(fields) - {"camera", "frame"} or pattern.count("{") != len(fields):
        raise ReseenError(f"{pattern}: expected a pattern with {{frame}}, such as shots/{{camera}}/{{frame:06d}}.jpg")
    filled = pattern.replace("{camera}", camera)
    before, after = re.split(r"{frame(?::0?\d*d)?}", filled, maxsplit=1)
    folder, start = (Path(before), "") if before.endswith("/") else (Path(before).parent, Path(before).name)
    if "/" in after or "{" in after:
        raise ReseenError(f"{pattern}: expected {{frame}} once, in the name of the file")
    listed = sorted(folder.iterdir()) if folder.is_dir() else []
    numbers = re.compile(re.escape(start) + r"(\d+)" + re.escape(after))
    matches = ((numbers.fullmatch(path.name), path) for path in listed)
    return FrameFiles({int(match[1]): path for match, path in matches if match}, name=filled)


def frames_of_images(tracks: Tracks) -> dict[str, FrameFiles]:
    """The whole frames that the tracks' images are."""
    rows = tracks.boxes.filter(polars.col("image").is_not_null()).select("camera", "frame", "image")
    files: dict[str, dict[int, Path]] = {}
    for camera, frame, image in rows.unique(maintain_order=True).iter_rows():
        files.setdefault(camera, {})[frame] = tracks.root / image
    return {camera: FrameFiles(files.get(camera, {}), name=f"camera {camera}") for camera in tracks.cameras}
