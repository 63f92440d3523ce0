# make run   does the main job: a switch, a menu, a campaign, agents, records
# make test  installs what it needs and passes every test
# Both make their own environment in .venv from the lock, and fetch a private Asterisk, SIPp and espeak-ng into var/pbx
# without touching the system; the tests fetch flite and Chromium as well.

PYTHON ?= python3
SWITCH ?= asterisk
VENV   := .venv
PY     := $(VENV)/bin/python
PIP     = $(PY) -m pip install --quiet --quiet --disable-pip-version-check $(COMPILE)
PBX    := var/pbx
ASSETS := console/web/vendor/complete

.DELETE_ON_ERROR:
.PHONY: run test test-asterisk22 soak bench fuzz lint collected env dev pbx lock clean

run: env
	@$(PY) -m console.demo --switch $(SWITCH) --pbx $(PBX)

# Two Asterisks at a time, and everything else beside them (tests/lanes.py). What the workers would all do first, to
# rewrite every test's assertions, is done once before, beside the linters; Python is let keep it, whatever says otherwise.
# Of what pip installs most is never imported: compiling all of it took half of pip's time, and what is imported is
# compiled then.
test:
	@$(MAKE) --no-print-directory -j2 dev pbx COMPILE=--no-compile
	@$(MAKE) --no-print-directory -j2 lint collected
	PYTHONDONTWRITEBYTECODE= $(PY) -m pytest --complete -m "not soak" -n 3

test-asterisk22: dev
	docker/fetch-asterisk 22 $(PBX)
	CALLWRIGHT_TEST_ASTERISK=22 $(PY) -m pytest -m "asterisk and not soak" -n 3

soak: dev pbx
	$(PY) -m pytest -m soak

bench: dev pbx
	$(PY) -m tests.bench

fuzz: dev $(VENV)/.fuzz
	$(PY) -m tests.fuzz --seconds $${FUZZ_SECONDS:-60}

collected: dev
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest --collect-only -qq > $(VENV)/collected || { cat $(VENV)/collected; false; }

lint: dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

env: $(VENV)/.run $(ASSETS)
dev: $(VENV)/.dev $(ASSETS) var/assets/complete

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Callwright needs Python 3.11 or newer: make run PYTHON=python3.11'; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo 'no venv: apt-get install python3-venv'; exit 1; }
	@echo 'Installing the locked requirements into $(VENV) ...'
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# What the pages' scripts need, from npm by the lock console/web/assets.toml; where there is no npm, by one from PyPI.
NPM = PATH="$$PATH:$(CURDIR)/var/node/bin" PYTHONPATH=$(CURDIR)/var/node

$(ASSETS): console/web/assets.toml | $(VENV)/.run
	@command -v npm >/dev/null || test -x var/node/bin/npm || $(PIP) --require-hashes --target var/node -r requirements-node.lock
	@$(NPM) $(PY) -m console.web.fetch_assets

var/assets/complete: console/web/assets.toml $(ASSETS)
	@$(NPM) $(PY) -m console.web.fetch_assets --dev var/assets

$(VENV)/.fuzz: requirements-fuzz.lock $(VENV)/.dev
	@$(PIP) --require-hashes -r requirements-fuzz.lock
	@touch $@

pbx:
	docker/fetch-asterisk --voices $${CALLWRIGHT_TEST_ASTERISK:-16} $(PBX)
	docker/fetch-asterisk --browser $(PBX)

# Made with uv (pip install uv); the lock names no index.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras --group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group node -o requirements-node.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group fuzz -o requirements-fuzz.lock

clean:
	rm -rf $(VENV) var console/web/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
