# Everything that is done to this repository is done from here; `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
SYSTEM_PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV_VERSION := 0.13.8
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
WORKERS ?= $(shell echo $$(( $(CORES) < 2 ? 2 : $(CORES) > 6 ? 6 : $(CORES) )))

# uv reads variables of its own; where only pip was told of a place, uv hears of it too.
comma := ,
space := $(subst ,, )
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(subst $(space),$(comma),$(strip $(PIP_FIND_LINKS)))
endif
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
# PyTorch's processor builds stand in an index of their own; a place for wheels that is set up already goes before it.
TORCH_INDEX ?= $(if $(UV_FIND_LINKS),,--index https://download.pytorch.org/whl/cpu)
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= copy
UV = $$(command -v uv || echo $(BIN)/uv)
INSTALL = $(UV) pip install --quiet --python $(PYTHON)

.PHONY: help demo test coverage slow check bench docs examples reference calendars shipped lock servers clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/core.stamp ## forecast AAPL from the bundled sample, in a folder that is thrown away
	@home=$$(mktemp -d); trap 'rm -rf "$$home"' EXIT; ARA_HOME="$$home" $(BIN)/ara predict AAPL --days 7

# Test processes fill the cores: pools of threads in each of them would only wait for each other.
test coverage: export OMP_NUM_THREADS := 1
test coverage: export OPENBLAS_NUM_THREADS := 1
test coverage: export POLARS_MAX_THREADS := 1

test: $(VENV)/dev.stamp servers ## run all tests but the slow ones
	@rm -f .pytest_cache/v/cache/lastfailed
	$(BIN)/pytest -n $(WORKERS) -m "not slow" $(ARGS) || $(PYTHON) -m tools.once_more $$?

coverage: $(VENV)/dev.stamp servers ## the same tests, counted: 95 % of lines and of branches must be run
	@rm -f .coverage .coverage.* coverage.json
	$(BIN)/pytest -n $(WORKERS) -m "not slow" --cov --cov-report=json:coverage.json $(ARGS)
	$(PYTHON) -m tools.coverage_floor coverage.json

slow: $(VENV)/dev.stamp servers ## run the tests that take long; what they find goes to docs/evidence/
	ARA_EVIDENCE="$(CURDIR)/docs/evidence" $(BIN)/pytest -m slow $(ARGS)
	$(BIN)/pytest -n $(WORKERS) -m "hypothesis and not slow" --hypothesis-profile many $(ARGS)

check: $(VENV)/dev.stamp ## style, types, imports, lengths, names, locks, documents with their examples
	@$(PYTHON) -m tools.check $(ONLY)

bench: $(VENV)/dev.stamp ## measure the ratios that were promised and tell which got worse
	@$(PYTHON) -m benchmarks.run $(ARGS)

docs: $(VENV)/dev.stamp reference ## build the documents into site/
	$(BIN)/zensical build --clean --strict

examples: $(VENV)/dev.stamp ## put what commands print now into the documents: make examples PAGES="README.md"
	$(PYTHON) -m tools.examples --write $(PAGES)

reference: $(VENV)/dev.stamp ## write the reference pages that follow from the code
	$(PYTHON) -m tools.reference --write
	$(PYTHON) -m tools.indicator_pages --write

calendars: $(VENV)/dev.stamp ## make the table of sessions anew from the calendars library
	$(PYTHON) -m tools.calendars --write

shipped: $(VENV)/dev.stamp ## train the models that come with the package anew from the sample, and sign them
	$(PYTHON) -m tools.shipped --write $(ARGS)

lock: $(VENV)/dev.stamp ## resolve the dependencies anew into requirements/
	PATH="$(abspath $(BIN)):$$PATH" $(PYTHON) -m tools.lock --write

clean: ## remove what was built, the environment too
	rm -rf $(VENV) site build dist coverage.json .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache

servers:
	@tools/servers.sh

$(PYTHON):
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Ara needs Python 3.11 or later, as SYSTEM_PYTHON=")'
	@echo "Setting up $(VENV)"
	@$(SYSTEM_PYTHON) -m venv $(VENV)

$(VENV)/uv.stamp: | $(PYTHON)
	@command -v uv >/dev/null || $(PYTHON) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/core.stamp: requirements/core.txt pyproject.toml | $(VENV)/uv.stamp
	@echo "Installing what requirements/core.txt locks"
	@$(INSTALL) --require-hashes -r requirements/core.txt
	@$(INSTALL) --no-deps --build-constraints requirements/dev.txt -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt requirements/torch.txt compat/pyproject.toml $(VENV)/core.stamp
	@echo "Installing what requirements/dev.txt locks"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps $(TORCH_INDEX) -r requirements/torch.txt
	@$(INSTALL) --no-deps --build-constraints requirements/dev.txt -e compat
	@touch $@
