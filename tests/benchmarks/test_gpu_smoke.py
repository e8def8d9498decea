"""`python benchmarks/gpu --smoke`, killed in its middle and begun again, without the packages that it needs not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from gpu.part import PARTS

pytestmark = [pytest.mark.long, pytest.mark.timeout(500)]  # it waits for two processes, 200 and 250 s at most

ROOT = Path(__file__).parents[2]
HIDDEN = """
import sys

class Hidden:
    names = {"captum", "fastapi", "faiss", "h5py", "lancedb", "openvino", "playwright", "pyarrow", "ray", "uvicorn"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}, which is hidden", name=name)

sys.meta_path.insert(0, Hidden())
"""


def begin(folder: Path, *more: str) -> subprocess.Popen[str]:
    (folder / "hidden").mkdir(exist_ok=True)
    (folder / "hidden" / "sitecustomize.py").write_text(HIDDEN)
    command = [sys.executable, "benchmarks/gpu", "--smoke", "--out", str(folder / "out")]
    return subprocess.Popen(
        [*command, "--scratch", str(folder / "scratch"), *more],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder / "hidden")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def told(folder: Path) -> dict:
    """What the results say now; a file that is half written would not parse."""
    files = list(folder.glob("out/smoke-*/results.json"))
    return json.loads(files[0].read_text()) if files else {"parts": {}}


def test_a_killed_smoke_test_leaves_whole_results_goes_on_and_measures_every_part(tmp_path):
    process = begin(tmp_path)
    until = monotonic() + 200
    while monotonic() < until and not told(tmp_path)["parts"].get("attention", {}).get("done"):
        sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = told(tmp_path)["parts"]["attention"]
    assert before["done"]

    output, errors = begin(tmp_path, "--resume").communicate(timeout=250)
    found = told(tmp_path)
    assert set(found["parts"]) == {part.name for part in PARTS}, errors
    for name, part in found["parts"].items():
        assert part["complete"], (name, output, errors)
        assert part["rows"]
        assert not [row for row in part["rows"] if "failed" in row]
    kept = {row["row"]: row["date"] for row in found["parts"]["attention"]["rows"] if row["cell"] in before["done"]}
    assert kept == {row["row"]: row["date"] for row in before["rows"] if row["cell"] in before["done"]}
    assert len(found["calls"]) == 2
    page = next(tmp_path.glob("out/smoke-*/results.md")).read_text()
    for words in ("toy sizes", "torch: ", "commit: ", "python benchmarks/gpu --smoke", *(part.title for part in PARTS)):
        assert words in page
