# Every target makes what it needs: an environment of its own in .venv, from the hash-pinned locks in requirements/.
# Needs python3 (3.11 or newer) with venv, and make. Another interpreter: make PYTHON=python3.13 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
LOCKS := requirements
PYTEST = $(BIN)/pytest --quiet --timeout 300 --numprocesses auto --dist loadgroup
UV := .cache/uv/bin/uv
COMPILE = $(UV) pip compile $(UPGRADE) --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock"
CLIENTS := openai_python openai_node
MORE_CLIENTS := langchain litellm vercel_ai
CLIENT_LOCKS := $(patsubst %.in,%.txt,$(wildcard tests/clients/*/requirements.in))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo run test test-all check lint format bench bench-quick lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo ## a whole conversation through the OpenAI SDK, with the simulated Claude; needs no key
	@$(BIN)/claude-code-proxy demo

run: $(VENV)/.run ## serve with the credentials at hand; flags go in ARGS
	@$(BIN)/claude-code-proxy $(ARGS)

test: $(VENV)/.dev ## all tests but the longer ones
	@$(BIN)/python tests/clients/environment.py $(CLIENTS)
	@$(PYTEST) -m "not clients_all and not claude_code"

test-all: $(VENV)/.dev $(VENV)/.claude-code ## every test, with every real client and the real Claude Code
	@$(BIN)/python tests/clients/environment.py $(CLIENTS) $(MORE_CLIENTS)
	@$(PYTEST)

check: lint test ## format, lint, types, then the tests, which hold the house rules too

lint: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev ## put the code into its format and mend what can be mended
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## ours and its peers under load; writes docs/performance.md (about half an hour)
	@$(BIN)/python -m bench.run --targets ours,litellm,portkey
	@$(BIN)/python -m bench.growth
	@$(BIN)/python -m bench.report .cache/bench/results/run.json .cache/bench/results/growth.json

bench-quick: $(VENV)/.dev ## ours alone under load, about a minute
	@$(BIN)/python -m bench.run --quick --reps 1

lock: $(UV) ## write every lock from pyproject.toml; UPGRADE=--upgrade takes the newest versions
	@$(COMPILE) pyproject.toml -o $(LOCKS)/run.txt
	@$(COMPILE) pyproject.toml --group demo -c $(LOCKS)/run.txt -o $(LOCKS)/demo.txt
	@$(COMPILE) pyproject.toml --group dev -c $(LOCKS)/demo.txt -o $(LOCKS)/dev.txt
	@$(COMPILE) pyproject.toml --extra claude-code -c $(LOCKS)/dev.txt -o $(LOCKS)/claude-code.txt
	@$(COMPILE) --group build -o $(LOCKS)/build.txt
	@$(COMPILE) --group lock -o $(LOCKS)/lock.txt
	@for lock in $(CLIENT_LOCKS); do $(COMPILE) $${lock%.txt}.in -o $$lock || exit 1; done

clean: ## remove the environments and everything else that the other targets made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment; a stamp for each lock that is in it. The locks agree with each other, so one may follow another.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run $(VENV)/.demo $(VENV)/.dev $(VENV)/.claude-code: $(VENV)/.%: $(LOCKS)/%.txt $(LOCKS)/build.txt pyproject.toml | $(BIN)/python
	@echo "installing $< into $(VENV)"
	@$(PIP) -r $< -r $(LOCKS)/build.txt
	@$(PIP:--require-hashes=) --no-deps --no-build-isolation --editable .
	@touch $@

$(UV): $(LOCKS)/lock.txt
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@
