# Everything a person or a machine does with the project. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run test bench chaos check lint types fmt docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A half-made environment is worse than none: the next run would take it for a whole one.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "doithoai needs Python 3.11 or newer; name it like this: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "doithoai needs Python's venv module (on Debian: apt install python3-venv)" >&2; exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	$(PIP) -r requirements-dev.txt
	@touch $@

run: $(RUNTIME) ## start the bot: the sandbox in a browser, or Telegram with a token in .env
	@$(BIN)/python -m bot run

test: $(DEV) ## run every test this machine can run, and say what was skipped and why
	$(BIN)/python -m pytest -n auto --dist loadgroup --max-worker-restart 0

bench: $(DEV) ## measure speed and size beside peers (25 to 40 minutes; BENCH_QUICK=1: only to see it run)
	$(BIN)/python benchmarks/bench.py $(if $(BENCH_JSON),--json $(BENCH_JSON))

chaos: $(DEV) ## kill the program hundreds of times, on both databases, and print what was lost
	$(BIN)/python -m tests.chaos

check: lint types ## everything that reads the code without running it

lint: $(DEV) ## style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(DEV) ## mypy, strict
	$(BIN)/mypy

fmt: $(DEV) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## make every picture of README and docs again, from the sandbox in Chromium
	$(BIN)/python docs/make_pictures.py

lock: $(DEV) ## resolve the dependencies again, for every platform, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -c requirements.txt --group dev -o requirements-dev.txt

clean: ## remove what make made, but no data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
