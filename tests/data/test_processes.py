import subprocess
import sys

SCRIPT = """
from reseen.processes import usable_workers
print(usable_workers(2), usable_workers(0))
"""


def test_a_program_from_standard_input_gets_no_workers_and_is_told():
    done = subprocess.run([sys.executable, "-"], input=SCRIPT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0"]
    assert "put it in a file for speed" in done.stderr


def test_a_program_in_a_file_or_on_the_command_line_gets_its_workers(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(SCRIPT)
    for program in ([str(file)], ["-c", SCRIPT]):
        done = subprocess.run([sys.executable, *program], capture_output=True, text=True, check=True)
        assert (done.stdout.split(), done.stderr) == (["2", "0"], "")
