# Two commands: `make demo` runs a live farm, `make test` proves that it keeps its promises.
# Both set up what they need first; a second `make setup` does nothing and needs no network.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
HERD = .venv/bin/herd
PYTEST = .venv/bin/python -m pytest

.PHONY: demo test proof check setup screens lock clean help
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: setup ## a live farm in this terminal, on the real stack
	$(HERD) demo

# What needs no server runs beside what waits for servers, with less right to the processors; what it
# says is shown when both are through.
ALONE = .tests-without-services.log
test: setup check screens ## everything that CI runs
	@echo "== tests: those without the box run beside, and are told at the end"
	@nice -n 10 $(PYTEST) -q tests -m "not services" -p no:cacheprovider >$(ALONE) 2>&1 & alone=$$!; \
	  trap 'kill $$alone 2>/dev/null' EXIT INT TERM; \
	  $(PYTEST) -q tests -m services; served=$$?; \
	  wait $$alone; unserved=$$?; trap - EXIT; \
	  echo "== tests without the box"; cat $(ALONE); exit $$((served | unserved))

proof: setup screens ## the same tests at full size, then the chain ten times and 200 alerts
	HERD_PROOF=1 $(PYTEST) -q tests -o timeout=1800
	for run in 1 2 3 4 5 6 7 8 9 10; do $(HERD) demo --check --json || exit 1; done
	$(HERD) demo --check --alerts 200 --json

check: setup ## style, types, arrows between rooms, and the tests that need no service
	@echo "== style";  .venv/bin/ruff format --check -q . && .venv/bin/ruff check -q .
	@echo "== types";  .venv/bin/mypy --no-error-summary $$(sed -n 's/^  "\(.*\)", # room$$/\1/p' pyproject.toml) tests
	@echo "== arrows"; .venv/bin/lint-imports --cache-dir .import_linter_cache | tail -n 4

setup: .venv/.complete .jars/.complete ## Python packages into .venv, jars into .jars

.venv/.complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "Python 3.11 is needed and '$(PYTHON)' is another: install it or say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "== setup 1/2: Python packages, pinned by hash (0.9 GB on disk; a minute or two)"
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q --disable-pip-version-check --progress-bar on --require-hashes -r requirements.lock
	.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.jars/.complete: farmbox/jars.lock .venv/.complete
	@echo "== setup 2/2: Kafka, the MQTT broker and OpenSearch as jars, pinned by hash (115 MB, and 110 MB of JVM caches)"
	.venv/bin/python -m farmbox.jars fetch
	@touch $@

LOCK = uv pip compile pyproject.toml --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" -q
screens: ## what rebuilding the screens needs, where npm is; the built ones are committed
	@if command -v npm >/dev/null; then $(MAKE) -s api/dashboard/node_modules/.complete; \
	  else echo "no npm here: the screens are served as they were built"; fi

api/dashboard/node_modules/.complete: api/dashboard/package-lock.json
	@echo "== packages of the screens, pinned by hash (a few seconds)"
	npm --prefix api/dashboard ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lock: ## renew the locks from pyproject.toml (needs uv): all of it, and what a service in production needs
	$(LOCK) --extra box --extra dev -o requirements.lock
	$(LOCK) -c requirements.lock -o requirements-services.lock

clean: ## remove what setup and the demo made here
	rm -rf api/dashboard/node_modules .venv .jars .herd .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
