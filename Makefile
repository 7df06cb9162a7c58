# `make run` starts the bot, `make test` runs the tests: each sets up what it needs. `make` alone lists the rest.
# PYTHON chooses the interpreter, ARGS goes on to pytest: make test ARGS="tests/contract -x"

PYTHON ?= python3
ARGS ?=

venv := .venv
bin := $(venv)/bin
python := $(bin)/python
pybabel := $(bin)/pybabel --quiet
pip := $(python) -m pip -qq --no-input --disable-pip-version-check install

# A stamp says what .venv holds. Each is newer than the locks that it was made from, and tells the folder that it was
# made in: a virtual environment does not survive being moved, nor the removal of its interpreter.
run_ready := $(venv)/.ready-to-run
test_ready := $(venv)/.ready-to-test
stamps := $(run_ready) $(test_ready)
here := $(shell test -x $(python) && test ! -e $(venv)/.unfinished && cat $(run_ready) 2>/dev/null)
ifneq ($(here),$(CURDIR))
  moved := made-anew
endif

.PHONY: help run test long check audit licences format messages lock clean made-anew
.DEFAULT_GOAL := help

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1:/p' Makefile | \
	  while IFS=: read -r name does; do printf 'make %-10s%s\n' "$$name" "$$does"; done

run: $(run_ready)  ## start the bot: the page, and Telegram where there is a token
	@exec $(bin)/explainer run

# Side by side, one process a core; the tests of a module stay together, since they share what it set up.
test: $(test_ready)  ## run the tests
	@$(python) -m pytest -m "not long" --numprocesses auto --dist loadscope $(ARGS)

# Collected first, since pytest ends as if it had failed where nothing is marked long.
long: $(test_ready)  ## run the long tests; EXPLAINER_LONG=bounded for a shorter form
	@status=0; $(python) -m pytest -m long --collect-only -qq $(ARGS) >/dev/null || status=$$?; \
	if [ $$status -eq 5 ]; then echo "No test is marked long: nothing to run."; exit 0; fi; \
	$(python) -m pytest -m long $(ARGS)

check: $(test_ready)  ## ruff, its format, mypy and the import contracts, every one of them
	@failed=; \
	$(bin)/ruff check --output-format concise . || failed="$$failed ruff-check"; \
	$(bin)/ruff format --check . || failed="$$failed ruff-format"; \
	$(bin)/mypy || failed="$$failed mypy"; \
	$(bin)/lint-imports --no-logo || failed="$$failed lint-imports"; \
	if [ -n "$$failed" ]; then echo "Findings from:$$failed" >&2; exit 1; fi

# A service that cannot be asked is no pass. ARGS goes on, like --osv with the address of another service.
audit: $(test_ready)  ## look for known vulnerabilities of what is locked (asks a service on the network)
	@$(python) .ci/audit.py $(ARGS)

licences: $(test_ready)  ## list the licences of what is locked in deploy/LICENCES.md
	@$(python) .ci/licences.py

format: $(test_ready)  ## put the Python files into their canonical form
	@$(bin)/ruff check --fix-only --quiet .
	@$(bin)/ruff format .

# English stands in the templates themselves. A new language begins as an empty folder in responses/locale. Where English
# words changed, the old translation stays as a guess marked fuzzy, which is not shown to readers until somebody unmarks it.
messages: $(run_ready)  ## bring the message catalogues up to date with the templates
	@$(pybabel) extract --mapping-file pyproject.toml --no-location --sort-output --project civic-explainer \
	  --copyright-holder "The civic-explainer authors" --output-file $(venv)/messages.pot responses
	@for folder in responses/locale/*/; do language=$$(basename "$$folder"); mkdir -p "$$folder/LC_MESSAGES"; \
	  $(pybabel) update --init-missing --locale "$$language" --previous --ignore-obsolete --ignore-pot-creation-date \
	    --input-file $(venv)/messages.pot --output-dir responses/locale || exit; done

lock:  ## choose the newest versions that pyproject.toml allows, with their hashes (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: pip install uv" >&2; exit 1; }
	@$(call compile,requirements.lock,)
	@$(call compile,requirements-dev.lock,--group dev --constraint requirements.lock)

clean:  ## remove the virtual environment and every cache; ./var, the data, stays
	@rm -rf $(venv) test-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The build backend is locked with the rest, so that the project itself can be installed without build isolation.
# $(1) is the file, $(2) what is wanted beyond the dependencies.
define compile
set -e; new=$$(mktemp); trap 'rm -f "$$new"' EXIT; \
echo "# Made by 'make lock' from pyproject.toml: change that, and make this anew." >"$$new"; \
$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links $(2) pyproject.toml - >>"$$new"; \
cat "$$new" >$(1)
endef

# Says in one sentence what is missing, then begins the virtual environment from nothing.
define begin
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
  { echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: install one and name it: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }; \
$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
  { echo "The venv module of '$(PYTHON)' is missing: apt install python3-venv" >&2; exit 1; }; \
echo "Setting up $(venv): this happens once and takes a minute or two."; \
mkdir -p $(venv); touch $(venv)/.unfinished; rm -rf $(stamps) $(bin) $(venv)/lib $(venv)/lib64 $(venv)/include; \
$(PYTHON) -m venv $(venv) || exit
endef

# An interrupted install leaves .unfinished behind, and the next one begins from nothing; one that pip refuses
# (no network, a wrong hash) leaves what was there as it was. $(1) is the lock.
define install
trap 'exit 130' HUP INT TERM; \
if [ -e $(venv)/.unfinished ] || { [ -s $(run_ready) ] && [ "$$(cat $(run_ready))" != "$(CURDIR)" ]; } || \
  ! $(python) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then $(begin); fi; \
touch $(venv)/.unfinished; \
$(pip) --require-hashes --requirement $(1) && $(pip) --no-deps --no-build-isolation --editable . || \
  { status=$$?; rm -f $(venv)/.unfinished; exit $$status; }
endef

$(run_ready): requirements.lock pyproject.toml $(moved)
	@$(call install,requirements.lock)
	@echo "$(CURDIR)" >$@; rm $(venv)/.unfinished

# What the tests need includes what the bot needs.
$(test_ready): requirements-dev.lock requirements.lock pyproject.toml $(moved)
	@$(call install,requirements-dev.lock)
	@echo "$(CURDIR)" >$(run_ready); cp $(run_ready) $@; rm $(venv)/.unfinished
