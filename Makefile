# Every target makes what it needs: an environment of its own in .venv, from the hash-pinned locks in requirements/.
# Needs python3 (3.11 or newer) with venv, and make. Another interpreter: make PYTHON=python3.13 check

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
LOCKS := requirements
# One hash seed, so that every worker puts the parameters of a test, sets among them, in the same order.
PYTEST = PYTHONHASHSEED=0 $(BIN)/pytest --quiet --timeout 300 --numprocesses auto --dist loadgroup
UV := .cache/uv/bin/uv
COMPILE = $(UV) pip compile $(UPGRADE) --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock"
CLIENTS := openai_python openai_node
MORE_CLIENTS := langchain litellm vercel_ai pydantic_ai openai_agents llm instructor smolagents aider anthropic_python \
	anthropic_node codex openai_go async_openai openai_java
CLIENT_LOCKS := $(patsubst %.in,%.txt,$(wildcard tests/clients/*/requirements.in))
HELM := helm.sh/helm/v3/cmd/helm@v3.22.0
KUBECONFORM := github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
GO_TOOLS := .cache/go/bin/.$(notdir $(HELM))-$(notdir $(KUBECONFORM))
HELM_KUBERNETES := $(foreach part,chartutil lint/rules,-X helm.sh/helm/v3/pkg/$(part).k8sVersionMajor=1 \
	-X helm.sh/helm/v3/pkg/$(part).k8sVersionMinor=37)

TARGET := full

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-claude-code run run-claude-code check test test-all lint format coverage bench bench-quick chaos chaos-soak documents wheel image lock chart manifests image-check audit sbom clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/.demo ## a conversation through the OpenAI SDK with the simulated Claude; needs no key
	@$(BIN)/python -m examples.demo

demo-claude-code: $(VENV)/.demo ## an agent through the real Claude Code with the simulated Claude; needs no login
	@PYTHONPATH=src $(BIN)/python -m tests.upstreams.claude_code.demo

run: $(VENV)/.run ## serve with the credentials of this machine; flags go in ARGS
	@$(BIN)/claude-code-proxy $(ARGS)

run-claude-code: $(VENV)/.run $(VENV)/.claude-code ## the same, with Claude Code installed to serve the login of a Claude plan
	@$(BIN)/claude-code-proxy $(ARGS)

check: lint test ## what continuous integration runs: format, lint, types, import contracts, and the tests

test: $(VENV)/.dev ## the tests alone, without those that take long
	@$(BIN)/python tests/clients/environment.py $(CLIENTS)
	@$(PYTEST) -m "not clients_all and not claude_code and not chart"

test-all: $(VENV)/.dev $(VENV)/.claude-code $(GO_TOOLS) ## every test, with every real client and the real Claude Code
	@$(BIN)/python tests/clients/environment.py $(CLIENTS) $(MORE_CLIENTS)
	@$(PYTEST) --hypothesis-profile searching

lint: $(VENV)/.dev ## format, lint, types and import contracts, without the tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev ## format the code, and fix what the linter can fix
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

coverage: $(VENV)/.dev ## branch coverage: of each source file by its own tests, and of all by all (about ten minutes)
	@$(BIN)/python -m tools.coverage_by_file

bench: $(VENV)/.dev ## ours and its peers under load; writes docs/performance.md (about half an hour)
	@$(BIN)/python -m bench.run --targets ours,litellm,portkey
	@$(BIN)/python -m bench.growth
	@$(BIN)/python -m bench.report .cache/bench/results/run.json .cache/bench/results/growth.json

chaos: $(VENV)/.dev ## attack a server of its own in every known way; writes docs/reliability.md (about ten minutes)
	@command -v iptables >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
		apt-get install -y -qq iptables >/dev/null; } || echo "notice: without iptables two rows are not measured"
	@$(BIN)/python -m chaos.run --write docs/reliability.md

chaos-soak: $(VENV)/.dev ## half an hour of good and faulty traffic, mixed
	@$(BIN)/python -m chaos.run soak

bench-quick: $(VENV)/.dev ## ours alone under load, about a minute
	@$(BIN)/python -m bench.run --quick --reps 1

documents: $(VENV)/.dev ## write what is generated in docs, from its sources
	@PYTHONPATH=. $(BIN)/python tools/write_documents.py

lock: $(UV) ## write every lock from pyproject.toml; UPGRADE=--upgrade takes the newest versions
	@$(COMPILE) pyproject.toml -o $(LOCKS)/run.txt
	@$(COMPILE) pyproject.toml --group demo -c $(LOCKS)/run.txt -o $(LOCKS)/demo.txt
	@$(COMPILE) pyproject.toml --extra images -c $(LOCKS)/demo.txt -o $(LOCKS)/images.txt
	@$(COMPILE) pyproject.toml --group dev --extra images -c $(LOCKS)/images.txt -c $(LOCKS)/demo.txt -o $(LOCKS)/dev.txt
	@$(COMPILE) pyproject.toml --extra claude-code -c $(LOCKS)/dev.txt -o $(LOCKS)/claude-code.txt
	@$(COMPILE) --group build -o $(LOCKS)/build.txt
	@$(COMPILE) --group lock -o $(LOCKS)/lock.txt
	@$(COMPILE) --group audit -o $(LOCKS)/audit.txt
	@$(COMPILE) --group image -o $(LOCKS)/image.txt
	@for lock in $(CLIENT_LOCKS); do $(COMPILE) $${lock%.txt}.in -o $$lock || exit 1; done

chart: ## write the chart's values.yaml and the table of its README from its schema
	@$(PYTHON) tools/chart.py chart

manifests: chart $(GO_TOOLS) ## plain Kubernetes manifests from the Helm chart, in deploy/kubernetes
	@$(PYTHON) tools/chart.py manifests

wheel: $(VENV)/.dev ## the wheel, in dist
	@mkdir -p dist && $(BIN)/python -m flit_core.wheel --outdir dist

image: ## build an image with docker; TARGET=slim for the one without Claude Code
	@docker build --target $(TARGET) --tag claude-code-proxy:$(TARGET) .

image-check: $(VENV)/.dev .cache/image/tools/.made ## build the images with buildah, start them in every way; needs root and Debian
	@.cache/image/tools/bin/hadolint Dockerfile
	@$(BIN)/python tools/image_check.py $(TARGETS)

audit: .cache/audit/.made ## look up known weaknesses of what is installed, where there is a network
	@$(PYTHON) tools/audit.py

sbom: .cache/audit/.made ## a CycloneDX bill of materials of the default install and of the one with Claude Code, in dist
	@mkdir -p dist
	@for lock in run images claude-code; do PYTHONWARNINGS=ignore .cache/audit/bin/cyclonedx-py requirements $(LOCKS)/$$lock.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file dist/sbom-$$lock.json || exit 1; done

clean: ## remove the environments and everything else that the other targets made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that could not be made is removed: the next run would take half of one for a whole.
make-venv = @$(PYTHON) -m venv $(1) >&2 || { rm -rf $(1); \
	echo "make: $(PYTHON) has no working venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# One environment; a stamp for each lock that is in it. The locks agree with each other, so one may follow another.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(call make-venv,$(VENV))

$(VENV)/.run $(VENV)/.demo $(VENV)/.dev $(VENV)/.claude-code: $(VENV)/.%: $(LOCKS)/%.txt $(LOCKS)/build.txt pyproject.toml | $(BIN)/python
	@echo "installing $< into $(VENV)"
	@$(PIP) -r $< -r $(LOCKS)/build.txt
	@$(PIP:--require-hashes=) --no-deps --no-build-isolation --editable .
	@touch $@

.cache/audit/.made .cache/image/tools/.made: $(LOCKS)/audit.txt $(LOCKS)/image.txt
	$(call make-venv,$(@D))
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		-r $(LOCKS)/$(word 2,$(subst /, ,$@)).txt
	@touch $@

# What only Go can build. Where it is missing, the tests that need it are skipped, and say so.
$(GO_TOOLS): export GOBIN := $(CURDIR)/.cache/go/bin
$(GO_TOOLS): export CGO_ENABLED := 0
$(GO_TOOLS):
	@if command -v go >/dev/null; then echo "building helm and kubeconform" && mkdir -p $(@D) && \
		go install -trimpath -ldflags="-s -w $(HELM_KUBERNETES)" $(HELM) && \
		go install -trimpath -ldflags="-s -w" $(KUBECONFORM) && touch $@; \
	else echo "notice: there is no Go here, so the chart is not tested with the real helm"; fi

$(UV): $(LOCKS)/lock.txt
	$(call make-venv,.cache/uv)
	@.cache/uv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@
