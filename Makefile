# The book and its checks. `make help` lists the targets.
# Needs git, make and Python 3.11 or newer; everything else is installed into .venv.

PYTHON ?= python3
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Python for the published page. Where a folder beside the project has the files they are taken from there.
RUNTIME := vendor/pyodide
NEIGHBOUR := ../shared/pyodide
FROM ?= $(wildcard $(NEIGHBOUR))
# A virtual environment holds absolute paths. Where it was made, its last argument, stands in pyvenv.cfg.
IN_PLACE := grep -qsF " $(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg

.DEFAULT_GOAL := help
.PHONY: help book serve test student bench bench-live vendor-pyodide conformance format clean requirements

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp is written last: a set-up that was interrupted is done again. A moved folder is set up anew.
ifneq ($(shell $(IN_PLACE) && echo yes),yes)
.PHONY: $(READY)
endif
$(READY): requirements.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { \
	    echo "$(PYTHON) was not found. Name an interpreter, Python 3.11 or newer: make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "The book needs Python 3.11 or newer; $(PYTHON) is Python " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@{ $(IN_PLACE) && $(BIN)/python -c ''; } 2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The stamp is the list of checksums, which is written last.
$(RUNTIME)/SHA256SUMS: tools/vendor_pyodide.py | $(READY)
	$(BIN)/python tools/vendor_pyodide.py --to $(RUNTIME) $(if $(FROM),--from "$(FROM)")

vendor-pyodide: $(READY)  ## fetch Python for the page: Pyodide's official files, or those of a folder (FROM=folder)
	$(BIN)/python tools/vendor_pyodide.py --to $(RUNTIME) $(if $(FROM),--from "$(FROM)")

book: $(READY) $(if $(FROM),$(RUNTIME)/SHA256SUMS)  ## build the HTML book into _build/html
	$(BIN)/jupyter-book build . --warningiserror --keep-going --quiet

serve: $(READY) $(if $(FROM),$(RUNTIME)/SHA256SUMS)  ## build the book, open it, and rebuild it at every change (PORT=8000)
	$(BIN)/python tools/serve.py --port $(PORT)

test: book  ## build the book, then run every test: units, notebooks, built pages
	@$(BIN)/python tools/install_chromium.py || true  # the browser tests say what is missing
	@$(BIN)/python -m pytest

student: $(READY)  ## write the exercises without solutions, a zip for each chapter, into _build/student (SOURCE=owner/name@revision)
	$(BIN)/python tools/student.py --to _build/student $(if $(SOURCE),--source "$(SOURCE)")

bench: $(READY)  ## time operators, a network and training against PyTorch on the CPU
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.networks
	$(BIN)/python -m benchmarks.training

bench-live: book  ## measure how long a reader waits for the widgets of the built pages
	@$(BIN)/python tools/install_chromium.py
	$(BIN)/python -m benchmarks.live

conformance: $(READY)  ## measure how far NumPy and PyTorch agree and write book/conformance.md
	$(BIN)/python -m conformance

format: $(READY)  ## put code and notebooks into their committed form
	$(BIN)/python -m ruff check --fix --quiet .
	$(BIN)/python -m ruff format --quiet .
	$(BIN)/python tools/strip_notebooks.py book

# Kept out of $(READY): uv is one of the pinned requirements.
requirements: $(READY)  ## compile requirements.txt from pyproject.toml, every pin to its newest release
	$(BIN)/python -m uv pip compile pyproject.toml --upgrade --universal --all-extras --python-version 3.11 --no-annotate --quiet -o requirements.txt

clean:  ## remove what was built; the virtual environment and vendor/ stay
	rm -rf _build
