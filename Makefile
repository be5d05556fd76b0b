# make run     set everything up and serve the portal at http://127.0.0.1:8000/
# make run REPOS=/some/folder    the same, with every Git repository below a folder instead of the demo
# make test    set everything up and run the tests
# make check   linters, types, contracts, migrations
PYTHON ?= python3
PORT ?= 8000
REPOS ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-servers check format bench clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

$(VENV)/.run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/.run
ifeq ($(REPOS),)
	@PORTAL_EMBEDDED=1 PORTAL_DEMO=1 PORTAL_BASE_URL=http://127.0.0.1:$(PORT) exec $(BIN)/python manage.py run_portal --port $(PORT)
else
	@PORTAL_EMBEDDED=1 PORTAL_BASE_URL=http://127.0.0.1:$(PORT) PORTAL_DATA_DIR="$${PORTAL_DATA_DIR:-$(CURDIR)/data/repositories}" PORTAL_GIT_LOCAL_ROOTS="$(abspath $(REPOS))" exec $(BIN)/python manage.py run_portal --port $(PORT) --repositories "$(abspath $(REPOS))"
endif

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -q $(ARGS)

# The same tests on a private PostgreSQL and Redis, started from the installed binaries on free ports.
test-servers: $(VENV)/.dev
	$(BIN)/python -m tests.servers $(BIN)/python -m pytest -n auto -q $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PORTAL_DEBUG=1 $(BIN)/mypy .
	$(BIN)/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2 --check
	git ls-files -z '*.py' | xargs -0 $(BIN)/django-upgrade --target-version 5.2
	PORTAL_DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	PORTAL_DEBUG=1 $(BIN)/python manage.py check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
