# `make help` lists the targets. The first use of any makes .venv and installs everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := core exporters/nginx exporters/blackbox sidecars/log-streamer sidecars/log-agent sidecars/combined inject images
DISTRIBUTIONS := pillion pillion-nginx-exporter pillion-blackbox-exporter pillion-log-streamer pillion-log-agent pillion-sidecar pillion-inject pillion-images
INSTALLED := $(VENV)/.installed
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate \
	$(DISTRIBUTIONS:%=--no-emit-package %)

export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements/dev.txt $(MEMBERS:%=%/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; PYTHON=... names one")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index $(MEMBERS:%=-e %)
	@touch $@

.PHONY: install
install: $(INSTALLED) ## Make .venv and install every package into it, editable

.PHONY: format
format: $(INSTALLED) ## Rewrite the sources in the one format
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

.PHONY: demo
demo: $(INSTALLED) ## Show every process at work on this machine; DURATION=seconds ends it
	$(BIN)/python -m demo

.PHONY: check
check: $(INSTALLED) ## Format, lint, types and the architecture rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/architecture

# They wait for pods, wheels and pages more than they work.
APART := tests/e2e tests/packaging tests/demo

.PHONY: test
test: $(INSTALLED) ## Run every test; installs the Debian packages they use where it may
	$(BIN)/python -m tools.debian
	$(BIN)/python -m tools.kustomize
	@mkdir -p .tools; echo "the tests of $(APART) run beside the others; what they say comes at the end"
	@$(BIN)/pytest $(APART) > .tools/apart.log 2>&1 & apart=$$!; \
	$(BIN)/pytest $(APART:%=--ignore=%); others=$$?; \
	wait $$apart; apart=$$?; cat .tools/apart.log; exit $$((others || apart))

HALF = $(if $(MINUTES),$(shell expr $(MINUTES) / 2))

.PHONY: oracle
oracle: $(INSTALLED) ## Kill and rotate at random around the tail engine for MINUTES=n
	$(BIN)/python -m tests.oracle.run --minutes $(or $(HALF),5)
	$(BIN)/python -m tests.oracle.alike --minutes $(or $(HALF),5)

.PHONY: oracle-agent
oracle-agent: $(INSTALLED) ## The same over the whole log agent, before a sink that is out of order
	$(BIN)/python -m tests.oracle.agent --minutes $(or $(MINUTES),10)

# The tester of tests has an environment of its own; nothing here imports it.
.tools/mutants/.installed: requirements/mutants.txt
	$(PYTHON) -m venv .tools/mutants
	.tools/mutants/bin/python -m pip install --quiet --require-hashes -r requirements/mutants.txt
	@touch $@

.PHONY: mutants
mutants: $(INSTALLED) .tools/mutants/.installed ## Change ROOM=tail or delivery, MOST=n times, and count what tests find
	.tools/mutants/bin/python -m tools.mutants $(or $(ROOM),delivery) --most $(or $(MOST),100)

.PHONY: flood
flood: $(INSTALLED) ## Flood the log agent in 128 MiB while its sink is down for SECONDS=n
	PILLION_FLOOD_SECONDS=$(or $(SECONDS),180) PILLION_FLOOD_MB=$(or $(MB),100) \
		$(BIN)/pytest -q -s tests/sidecars/log_agent/test_memory.py

.PHONY: redaction
redaction: $(INSTALLED) ## Print precision and recall of the filter redact on its labelled corpus
	$(BIN)/python -m tests.sidecars.log_agent.redaction_corpus

.PHONY: bench
bench: $(INSTALLED) ## Measure us beside the peers, in one run, as CPU seconds and ratios
	$(BIN)/python -m tools.debian
	$(BIN)/python -m benchmarks

.PHONY: wheels
wheels: $(INSTALLED) ## Build the wheel of every package into dist/
	for member in $(filter-out images,$(MEMBERS)); do (cd $$member && "$(CURDIR)/$(BIN)/hatchling" build -t wheel -d "$(CURDIR)/dist") || exit 1; done

# BASE=debian stands on an image that `make images-base` makes, where none can be pulled.
BASE ?= distroless
VERSION_TAG = $(shell cat VERSION)$(if $(ARCH),-$(ARCH))
ON_ENGINE = --base=$(BASE) --tag=$(VERSION_TAG)

.PHONY: images-base
images-base: $(INSTALLED) ## Make the base image from Debian's packages, for BASE=debian
	$(BIN)/pillion-images base

.PHONY: images
images: wheels ## Build the image of every process; BASE=debian needs no registry
	$(BIN)/pillion-images build $(ON_ENGINE)

.PHONY: images-verify
images-verify: $(INSTALLED) ## Run every image as a pod would, and check it
	$(BIN)/pillion-images verify $(ON_ENGINE)

.PHONY: images-push
images-push: $(INSTALLED) ## Push every image to REGISTRY=host/path
	$(BIN)/pillion-images push --tag=$(VERSION_TAG) --registry=$(REGISTRY)

.PHONY: images-join
images-join: $(INSTALLED) ## Make one name in REGISTRY of the images for each of ARCHS="amd64 arm64"
	$(BIN)/python -m tools.release join $(REGISTRY) $(ARCHS)

.PHONY: images-sign
images-sign: $(INSTALLED) ## Sign the images in REGISTRY with cosign, and attach an SBOM by syft
	$(BIN)/python -m tools.release sign $(REGISTRY)

.PHONY: docs
docs: $(INSTALLED) ## Write the tables of flags and metrics in docs/ again from the code
	$(BIN)/python -m tools.docs

.PHONY: version
version: $(INSTALLED) ## Write the version in VERSION, or VERSION=x.y.z, into every package
	$(BIN)/python -m tools.version $(VERSION)

.PHONY: requirements
requirements: $(INSTALLED) ## Pin everything again, with hashes and without addresses
	$(BIN)/python -m pip install --quiet uv
	echo ./core | $(COMPILE) - -o requirements/core.txt
	printf './core\n./exporters/nginx\n' | $(COMPILE) - -o requirements/nginx-exporter.txt
	printf './core\n./exporters/blackbox[cel,http3,jwt]\n' | $(COMPILE) - -o requirements/blackbox-exporter.txt
	printf './core\n./sidecars/log-streamer\n' | $(COMPILE) - -o requirements/log-streamer.txt
	printf './core\n./sidecars/log-agent[aws]\n' | $(COMPILE) - -o requirements/log-agent.txt
	printf './%s\n' core exporters/nginx 'exporters/blackbox[cel,http3,jwt]' sidecars/log-streamer 'sidecars/log-agent[aws]' sidecars/combined | $(COMPILE) - -o requirements/sidecar.txt
	echo ./inject | $(COMPILE) - -o requirements/inject.txt
	echo ./images | $(COMPILE) - -o requirements/images.txt
	echo pip | $(COMPILE) - -o requirements/pip.txt
	echo cosmic-ray | $(COMPILE) - -o requirements/mutants.txt
	printf './%s\n' $(MEMBERS) | $(COMPILE) - requirements/dev.in -o requirements/dev.txt

.PHONY: clean
clean: ## Remove .venv, dist and the caches
	rm -rf $(VENV) dist .images .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
