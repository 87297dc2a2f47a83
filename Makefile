# Two commands matter: `make rehearse` and `make test`. Each sets up all that it needs.
PYTHON ?= python3
FILE ?= parameters/example.toml
VENV := .venv
READY := $(VENV)/ready
# The AWS CLI of the tests that compare what orgkit made with what another client sees: an environment of its own.
AWSCLI := .venv-awscli
AWSCLI_READY := $(AWSCLI)/ready

.PHONY: rehearse test faults lock clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

rehearse: $(READY)  ## the whole bootstrap on an embedded AWS: no account, no credentials
	@$(VENV)/bin/orgkit rehearse $(FILE)

test: $(READY) $(AWSCLI_READY)  ## everything that holds the project together: style, types, structure, behaviour
	@$(VENV)/bin/python -m tests

faults: $(READY)  ## every call against every kind of fault, pairs of faults, two operators, kill -9 (half an hour)
	@$(VENV)/bin/python -W ignore -m tests.faults $(FILE) --whole
	@$(VENV)/bin/python -W ignore -m tests.faults $(FILE) --pairs 100
	@$(VENV)/bin/python -W ignore -m tests.faults.operators $(FILE)
	@$(VENV)/bin/python -W ignore -m tests.faults.kills $(FILE)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"orgkit needs Python 3.11 to 3.13, and {sys.executable} is {v[0]}.{v[1]}: run make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV) (once; every package checked against its hash) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(AWSCLI_READY): tests/awscli/requirements.lock
	@echo "Setting up $(AWSCLI) for the tests (once; every package checked against its hash) ..."
	@$(PYTHON) -m venv --clear $(AWSCLI)
	@$(AWSCLI)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/awscli/requirements.lock
	@touch $@

lock:  ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --group dev --extra exports pyproject.toml -o requirements.lock
	sed -i '1i # Every package that orgkit runs, builds and tests with, for Python 3.11 to 3.13, pinned by hash. Made by `make lock`.' requirements.lock
	echo 'awscli>=1.46,<1.47' | uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url --no-emit-find-links - -o tests/awscli/requirements.lock
	sed -i '1i # The AWS CLI of the tests, and what it needs. Made by `make lock`.' tests/awscli/requirements.lock

clean:  ## remove the environment (records in outputs/ stay)
	rm -rf $(VENV) $(AWSCLI)
