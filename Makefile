# `make run` and `make test` are all that is needed: they set up what is missing by themselves.
# Another Python than python3 (3.11 or newer): make run PYTHON=python3.12
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
SOURCES := bot adapters integrations tests scripts $(wildcard bench)

.DEFAULT_GOAL := help
.PHONY: help run test integrations lint format audit bench soak chaos docs licences pictures lock ready ready-dev

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ready ## watch the status page; options after ARGS=, as in: make run ARGS="--help"
	@exec $(BIN)/python -m bot run $(ARGS)

test: lint ## lint, types and all tests and their coverage; some of them with ARGS="-k words"
	@exec $(BIN)/python -m pytest -n auto $(or $(ARGS),--cov --cov-report=)

integrations: ready-dev ## install LiteLLM, Claude Code and a driver for Chromium, which some tests run (needs npm)
	@exec $(BIN)/python scripts/prepare_integrations.py

lint: ready-dev ## ruff, mypy, dead code, dependencies
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/vulture
	@$(BIN)/deptry .

format: ready-dev ## put the code into shape
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

bench: ready-dev ## measure: parsing, engine, store, delivery, page, providers
	@exec $(BIN)/python -m bench $(ARGS)

soak: ready-dev ## incidents in fast time, with faults and kills: make soak HOURS=0.5
	@exec $(BIN)/python -m bench.soak --hours $(or $(HOURS),0.5) $(ARGS)

chaos: ready-dev ## random crashes and faults for so long: make chaos MINUTES=10
	@exec $(BIN)/python -m tests.chaos --minutes $(or $(MINUTES),2) $(ARGS)

docs: ## build the site of the documentation into site/, with every link checked
	@$(PYTHON) scripts/prepare.py docs
	@NO_MKDOCS_2_WARNING=1 exec $(BIN)/python -m mkdocs build --strict --quiet

audit: ready-dev ## known holes of what is installed (installs pip-audit; needs the network)
	@exec $(BIN)/python scripts/audit.py

licences: ready-dev ## write docs/licences.md anew
	@exec $(BIN)/python scripts/licences.py

pictures: integrations ## make the pictures of the README anew, from the real program (needs a Chromium)
	@exec $(BIN)/python scripts/pictures

lock: ## refresh the lock files (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile pyproject.toml --all-extras $(LOCKING) -o requirements.lock
	uv pip compile --group pyproject.toml:build -c requirements.lock $(LOCKING) -o requirements-build.lock
	uv pip compile pyproject.toml --all-extras --group build --group dev -c requirements.lock -c requirements-build.lock \
		$(LOCKING) -o requirements-dev.lock
	uv pip compile --group pyproject.toml:docs -c requirements-dev.lock $(LOCKING) -o requirements-docs.lock
	uv pip compile tests/integrations/litellm.in $(LOCKING) -o tests/integrations/litellm.lock
	uv pip compile tests/browser/browser.in $(LOCKING) -o tests/browser/browser.lock

# One lock for every platform. No index, no folder: whoever installs takes them from where they like.
LOCKING := --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

ready:
	@$(PYTHON) scripts/prepare.py run

ready-dev:
	@$(PYTHON) scripts/prepare.py dev

.PHONY: fuzz mutants pin

fuzz: ready-dev ## odd pages, headers and requests, other ones each time: make fuzz EXAMPLES=2000
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),1000) exec $(BIN)/python -m pytest -n auto --timeout 3600 tests/fuzz $(ARGS)

mutants: ready-dev ## put faults into engine and delivery, and count those that the tests see
	@exec $(BIN)/python scripts/mutants.py $(ARGS)

pin: ## write the digests of the images into Dockerfile and docker-compose.yml (needs docker)
	@exec $(PYTHON) scripts/pin_images.py
