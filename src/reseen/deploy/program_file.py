"""Programs of torch.export as files without pickles, because torch runs the code of a pickle while reading it.

Only the entries that our own archives have are passed to torch: tensors as bytes, the graph as JSON, the facts.
"""

import copy
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import torch

from reseen.errors import ReseenError

FACTS_FILE = "reseen.json"
"""The entry of an export's `Facts`."""

Program = torch.export.ExportedProgram

_SAMPLES = "data/sample_inputs/model.pt"
_CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_TENSOR = r"(weight|tensor)_\d+"
_KNOWN = re.compile(
    rf"data/(weights|constants)/{_TENSOR}|models/model\.json|extra/{re.escape(FACTS_FILE)}|archive_(format|version)|"
    rf"byteorder|\.data/(version|serialization_id)|{'|'.join(map(re.escape, (_SAMPLES, *_CONFIGS)))}"
)


def write_program(program: Program, facts: str, path: Path) -> None:
    """Write a program without the example it was traced with, which torch would save as a pickle."""
    bare = copy.copy(program)
    bare.example_inputs = None
    torch.export.save(bare, path, extra_files={FACTS_FILE: facts})


def read_program(path: Path) -> tuple[Program, str]:
    """The program and its facts.

    Raises ReseenError for a file with pickles or other unknown entries; zipfile.BadZipFile, RuntimeError, ValueError
    and others for a damaged file.
    """
    with zipfile.ZipFile(path) as archive:
        clean = _copied(archive, path)
    files = {FACTS_FILE: ""}
    return torch.export.load(clean, extra_files=files), files[FACTS_FILE]


def _copied(archive: zipfile.ZipFile, path: Path) -> BytesIO:
    """A new archive of the checked entries, because two readers of one archive may see different entries."""
    clean = BytesIO()
    seen = set[str]()
    with zipfile.ZipFile(clean, "w") as copied:
        for info in archive.infolist():
            name = info.filename.partition("/")[2]
            if not _KNOWN.fullmatch(name) or name in seen or info.compress_type != zipfile.ZIP_STORED:
                raise _refusal(path, info.filename)
            seen.add(name)
            content = archive.read(info)
            if (name == _SAMPLES and content) or (name in _CONFIGS and _has_pickles(content)):
                raise _refusal(path, info.filename)
            copied.writestr(f"program/{name}", content)
    clean.seek(0)
    return clean


def _has_pickles(config: bytes) -> bool:
    """Whether any entry of a config is a pickle, or no tensor."""
    entries = json.loads(config)["config"].values()
    return any(entry["use_pickle"] is not False or not re.fullmatch(_TENSOR, entry["path_name"]) for entry in entries)


def _refusal(path: Path, entry: str) -> ReseenError:
    return ReseenError(
        f"{path}: its entry {entry!r} could run code or fill the memory; expected plain tensors, a graph and facts; "
        "nothing was loaded: export it again"
    )
