# Two commands matter: `make rehearse` and `make test`. Each sets up all that it needs.
PYTHON ?= python3
FILE ?= parameters/example.toml
VENV := .venv
READY := $(VENV)/ready
# The AWS CLI of the tests that compare what orgkit made with what another client sees: an environment of its own.
AWSCLI := .venv-awscli
AWSCLI_READY := $(AWSCLI)/ready
# orgkit without any extra, for the tests that run every phase from such an installation.
CORE := .venv-core
CORE_READY := $(CORE)/ready
# ipykernel 6, put before the packages of the main environment: the guided gate is tried on both versions.
IPYKERNEL6 := .venv-ipykernel6
IPYKERNEL6_READY := $(IPYKERNEL6)/ready
PIP := python -m pip install --quiet --disable-pip-version-check

.PHONY: setup rehearse check test faults bench docs lock clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## the environment .venv, and nothing else

rehearse: $(READY)  ## the whole bootstrap on an embedded AWS: no account, no credentials
	@$(VENV)/bin/orgkit rehearse $(FILE)

check: $(READY)  ## style, types, structure and unit tests, in a minute or two
	@$(VENV)/bin/python -m tests --check

test: $(READY) $(CORE_READY) $(AWSCLI_READY) $(IPYKERNEL6_READY)  ## everything that holds the project together: style, types, structure, behaviour
	@$(VENV)/bin/python -m tests

faults: $(READY)  ## every call against every kind of fault, pairs of faults, two operators, kill -9 (an hour)
	@$(VENV)/bin/python -W ignore -m tests.faults $(FILE) --whole
	@$(VENV)/bin/python -W ignore -m tests.faults $(FILE) --pairs 100
	@$(VENV)/bin/python -W ignore -m tests.faults.operators $(FILE)
	@$(VENV)/bin/python -W ignore -m tests.faults.kills $(FILE)
	@$(VENV)/bin/python -W ignore -m tests.faults.starting_values --repetitions
	@$(VENV)/bin/python -W ignore -m tests.docs.test_page_and_command 2000

bench: $(READY)  ## plans next to Terraform, vending, rehearsal, start and bills, into docs/performance.md (ten minutes)
	@$(VENV)/bin/python -m benchmarks

docs: $(READY)  ## the documentation as a site in .site/html; a warning is an error
	@$(VENV)/bin/python -m sphinx -E -W -n --keep-going -q -b html -c docs -d .site/doctrees . .site/html
	@echo "Built. Open .site/html/index.html"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else f"orgkit needs Python 3.11 to 3.14, and {sys.executable} is {v[0]}.{v[1]}: run make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV) (once, some minutes; every package checked against its hash) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/$(PIP) --require-hashes -r requirements.lock
	@$(VENV)/bin/$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# The main environment's hatchling builds it, so that this one holds nothing but what orgkit needs.
$(CORE_READY): requirements-core.lock pyproject.toml $(READY)
	@echo "Setting up $(CORE) for the tests: orgkit without extras (once; every package checked against its hash) ..."
	@$(PYTHON) -m venv --clear $(CORE)
	@$(CORE)/bin/$(PIP) --require-hashes -r requirements-core.lock
	@$(VENV)/bin/python -m hatchling build -t wheel:editable -d $(CORE)/wheel >/dev/null 2>&1
	@$(CORE)/bin/$(PIP) --no-deps --no-index $(CORE)/wheel/*.whl
	@touch $@

$(AWSCLI_READY): tests/awscli/requirements.lock
	@echo "Setting up $(AWSCLI) for the tests (once; every package checked against its hash) ..."
	@$(PYTHON) -m venv --clear $(AWSCLI)
	@$(AWSCLI)/bin/$(PIP) --require-hashes -r tests/awscli/requirements.lock
	@touch $@

$(IPYKERNEL6_READY): tests/lab/ipykernel6/requirements.lock $(READY)
	@echo "Setting up $(IPYKERNEL6) for the tests (once; every package checked against its hash) ..."
	@rm -rf $(IPYKERNEL6)
	@$(VENV)/bin/$(PIP) --require-hashes --no-deps --target $(IPYKERNEL6)/packages -r tests/lab/ipykernel6/requirements.lock
	@touch $@

LOCK := uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

lock:  ## pin the newest versions that pyproject.toml allows (needs uv)
	$(LOCK) --group dev --extra all pyproject.toml -o requirements.lock
	sed -i '1i # Every package that orgkit runs, builds and tests with, for Python 3.11 to 3.14, pinned by hash. Made by `make lock`.' requirements.lock
	$(LOCK) --constraints requirements.lock pyproject.toml -o requirements-core.lock
	sed -i '1i # What orgkit needs without its extras, for Python 3.11 to 3.14, pinned by hash. Made by `make lock`.' requirements-core.lock
	echo 'awscli>=1.46,<1.47' | $(LOCK) - -o tests/awscli/requirements.lock
	sed -i '1i # The AWS CLI of the tests, and what it needs. Made by `make lock`.' tests/awscli/requirements.lock
	printf 'ipykernel>=6.31,<7\nnest-asyncio\n' | $(LOCK) --no-deps - -o tests/lab/ipykernel6/requirements.lock
	sed -i '1i # The oldest ipykernel that orgkit runs with, for a test; everything else is of the main environment. Made by `make lock`.' tests/lab/ipykernel6/requirements.lock

clean:  ## remove the environments and the site (records in outputs/ stay)
	rm -rf $(VENV) $(CORE) $(AWSCLI) $(IPYKERNEL6) .site
