# Everything here sets itself up: a machine needs only Python 3.11 or 3.12 and make.
# Choose the interpreter with `make PYTHON=python3.12 test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DATA ?= data/sample
OUT ?= reports

.DEFAULT_GOAL := help
.PHONY: help report test check validate bench lab sample lock hooks clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-10s %s\n", $$1, $$2 }'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 13) else f"Python {v[0]}.{v[1]} found; 3.11 or 3.12 is needed. Name one: make PYTHON=python3.12")'
	@echo "Setting up $(VENV); this takes a minute or two the first time."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

report: $(READY) ## Make the reports of DATA (the sample unless given) into OUT
	@$(BIN)/outcomes report $(DATA) --out $(OUT)

test: export OMP_NUM_THREADS = 1
test: $(READY) ## Run the tests (some minutes on two cores)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(READY) ## Look for faults without running: ruff, mypy, docstrings, notebooks, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'outcomes/*.py')
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/python -m pytest -q tests/contract

validate: $(READY) ## Run the long simulations and write docs/validation.md (hours; resumable)
	$(BIN)/python -m tests.validate

bench: $(READY) ## Time the suite against its peers and write docs/benchmarks.md
	$(BIN)/python -m benchmarks

lab: $(READY) ## Open the notebooks in JupyterLab on DATA
	@$(BIN)/outcomes lab $(DATA)

sample: $(READY) ## Make data/sample again from its seed
	$(BIN)/python -m outcomes.simulate.sample

lock: ## Pin the requirements again (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

hooks: $(READY) ## Install the pre-commit hooks
	$(BIN)/pre-commit install

clean: ## Remove what was made here, the environment included
	rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
