# What people and CI run. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock clean

help: ## List what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.core ## Load a sample campaign, score it, show it, serve the API (ARGS="--once --json")
	@$(BIN)/taglake demo $(ARGS)

test: $(VENV)/.dev ## Run every test, on two real Elasticsearch nodes (ARGS="-n 0 -k name": on one)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/.dev ## Format check, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## Run the benchmarks, each a line of JSON
	@$(BIN)/python -m benchmarks.bulk
	@$(BIN)/python -m benchmarks.poll
	@$(BIN)/python -m benchmarks.vader
	@$(BIN)/python -m benchmarks.sentiment
	@$(BIN)/python -m benchmarks.sentiment_end_to_end
	@$(BIN)/python -m benchmarks.enrich_workers

lock: $(VENV)/.dev ## Renew requirements/*.lock from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@for name in core dev; do \
	  extra=$$([ $$name = dev ] && echo "--extra dev" || true); \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --no-header --no-annotate $$extra pyproject.toml \
	    --output-file requirements/$$name.lock; \
	done
	@printf 'onnxruntime-gpu[cuda,cudnn]\n' | $(BIN)/uv pip compile - --quiet -c requirements/core.lock \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --output-file requirements/gpu.lock

clean: ## Remove what was made here, the sample's data included; downloads stay
	@if [ -x $(BIN)/taglake ]; then $(BIN)/taglake node stop; fi
	@rm -rf $(VENV) data build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made once for each state of the lock file.
$(VENV)/.core: requirements/core.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Taglake needs Python 3.11 or newer; set PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "no venv module: on Debian and Ubuntu, apt install python3-venv" >&2; exit 2; }
	@echo "installing Taglake into $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.core
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@tests/get_browser.sh $(BIN)/python
	@touch $@
