# Two commands do everything, set-up included: `make demo` and `make test`.
.PHONY: help demo test lint types unit programs bench docs clean

# The newest Python that can make environments; else the newest there is, so that it can be told what lacks.
PYTHON ?= $(shell for test in 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
	'import sys; sys.exit(sys.version_info < (3, 11))' ''; do \
	for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	if $$python -c "$$test" >/dev/null 2>&1; then echo $$python; exit; fi; done; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Ours first, for tests and scripts that type commands.
WITH_BIN := PATH="$(CURDIR)/$(BIN):$$PATH"

help:
	@echo "make demo   the life of a connection pool against a local sandbox"
	@echo "make test   lint, types and tests"
	@echo "make bench  how fast the sandbox with real databases is"
	@echo "make docs   put what the tool prints today into the pages"
	@echo "make clean  remove what was made"

demo: $(READY)
	@$(WITH_BIN) sh examples/demo.sh

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

unit: $(READY) programs
	$(WITH_BIN) $(BIN)/python -m pytest -n auto -q

# PostgreSQL and PgBouncer for the tests with real databases: from Debian's packages where we may, which is as root,
# or in CI with sudo. Those tests are left out elsewhere; with CI set they fail.
programs:
	@found() { ls /usr/lib/postgresql/*/bin/postgres && ls /usr/sbin/pgbouncer; }; \
	if found >/dev/null 2>&1 || ! command -v apt-get >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then root=; \
	elif [ -n "$$CI" ] && sudo -n true 2>/dev/null; then root=sudo; else exit 0; fi; \
	echo "Installing postgresql and pgbouncer, once."; \
	log=$$(mktemp); \
	$$root apt-get update -qq >"$$log" 2>&1; \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Acquire::Retries=3 \
		--no-install-recommends postgresql pgbouncer >>"$$log" 2>&1 || \
		{ cat "$$log"; echo "They could not be installed."; }; \
	rm -f "$$log"

bench: $(READY) programs
	$(BIN)/python benchmarks/sandbox.py

docs: $(READY)
	$(WITH_BIN) $(BIN)/python tests/docs/doc_write.py

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "There is no python3 here; reconcile needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer; say make PYTHON=/path/to/a/newer/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV), once; this downloads what is needed."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[sandbox,dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
