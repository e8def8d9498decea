# Two commands: `make demo` does the main job, `make test` passes every check. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Every process that the tests begin imports hundreds of modules: where nothing may be written, it compiles them anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo demo-cameras test format lint types floors docs browser tests clean

demo: .venv/installed
	$(BIN)/reseen demo --out demo

demo-cameras: .venv/installed
	$(BIN)/reseen demo --out demo --cameras

test: format lint
	$(MAKE) --jobs 2 types floors docs tests

format: .venv/installed
	$(BIN)/ruff format --check .

lint: .venv/installed
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

floors: .venv/installed
	$(BIN)/lint-imports

# The pages of docs/ into site/; a broken link or a name that the reference does not find is an error.
docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Pages are looked at in a browser: the one that is there, or Playwright's own, or the distribution's if we are root.
# In CI it is an error if one could have been had and was not.
browser: .venv/installed
	$(BIN)/python tests/support/chromium.py

# One thread a process, and one process more than cores, since tests also wait for processes of their own.
# Its last lines say how many tests were skipped, and why.
tests: .venv/installed browser
	OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=2 $(BIN)/pytest --numprocesses $$(( $$(nproc) + 1 )) --dist worksteal

# Python compiles a module when it is first imported; of the 19,000 files installed here few are.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo runs site
