# Needs make and Python 3.11 or newer; all else goes into .venv, in the versions of the lock.
#   make demo    the whole job, from sample orders to a report, on this machine only
#   make test    the tests
#   make unit    the core alone, in half a minute
#   make fix     let the formatter and the linter mend what they can
#   make matrix  the tests on every Python that the package names, where uv can bring it
#   make check   lint, types, tests with coverage, and the demo from a freshly built wheel
#   make crash   kill the command everywhere, run it again, compare: minutes
#   make bench   measurements: requests and time per order
#   make texts   find the texts in the code, for translation, and compile the catalogues
#   make docs    make what the users' reference takes from the code, and config.example.yaml
#   make audit   look the locked packages up among known vulnerabilities; needs the internet
#   make lock    choose versions anew, for .ci/requirements*.txt
#   make clean   remove all that was made here

PYTHON ?= python3
LOCK := .ci/requirements.txt
DEV_LOCK := .ci/requirements-dev.txt
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
COVER :=
ON_ALL_CORES := --numprocesses=auto --dist=worksteal

# Where the environment forbids keeping what was compiled, as containers like to, each worker of the
# tests and each process that they start would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test unit fix matrix check lint types coverage wheel crash bench texts docs audit lock clean

demo: .venv/.installed
	@$(BIN)/mww2minox demo

# Thorough ones go where others have been: coverage would double their time and learn nothing.
test: .venv/.installed-dev
ifdef COVER
	$(BIN)/python -m $(COVER) pytest $(ON_ALL_CORES) -m "not thorough"
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m thorough
else
	$(BIN)/python -m pytest $(ON_ALL_CORES)
endif

fix: .venv/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# A Python that uv cannot bring is said, and does not fail the others.
matrix: .venv/.installed-dev
	@set -eu; failed=; \
	for version in 3.11 3.12 3.13; do \
		if ! $(BIN)/uv python find -q "$$version" >/dev/null 2>&1 && ! $(BIN)/uv python install -q "$$version"; then \
			echo "Python $$version: not tried, uv cannot bring it here"; continue; \
		fi; \
		$(BIN)/uv venv -q --clear --python "$$version" ".venv/matrix-$$version"; \
		$(BIN)/uv pip install -q --python ".venv/matrix-$$version" --require-hashes -r $(DEV_LOCK); \
		$(BIN)/uv pip install -q --python ".venv/matrix-$$version" --no-deps --no-build-isolation -e .; \
		echo "Python $$version:"; \
		".venv/matrix-$$version/bin/python" -m pytest -q $(ON_ALL_CORES) || failed="$$failed $$version"; \
	done; \
	test -z "$$failed" || { echo "Failed on Python$$failed" >&2; exit 1; }

unit: .venv/.installed-dev
	$(BIN)/python -m pytest --quiet --numprocesses=auto -m "not thorough" \
		--ignore-glob='tests/unit/test_sandbox_*' --ignore=tests/unit/test_retention.py tests/unit

# The first three take a core each, and the tests all.
check: .venv/.installed-dev
	$(MAKE) --jobs=2 --output-sync=target lint types wheel
	$(MAKE) coverage

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python .ci/page.py mww2minox
	$(BIN)/lint-imports

types: .venv/.installed-dev
	$(BIN)/mypy

coverage: .venv/.installed-dev
	$(BIN)/coverage erase
	$(MAKE) test COVER="coverage run -m"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# As a user gets it: the wheel in an environment of its own, away from this folder.
wheel: .venv/.installed-dev
	@set -eu; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	$(PIP) wheel -qq --no-deps --no-build-isolation --wheel-dir "$$dir" .; \
	sed -e '/--hash=/d' -e 's/ *\\$$//' $(LOCK) > "$$dir/constraints.txt"; \
	$(BIN)/python -m venv "$$dir/venv"; \
	"$$dir/venv/bin/python" -m pip --disable-pip-version-check install -qq \
		--constraint "$$dir/constraints.txt" "$$(echo "$$dir"/*.whl)[sandbox]"; \
	cd "$$dir" && venv/bin/mww2minox demo "$$dir/demo"

crash: .venv/.installed-dev
	$(BIN)/python -m tests.crash

bench: .venv/.installed-dev
	$(BIN)/python -m tests.bench

texts: .venv/.installed-dev
	$(BIN)/pybabel --quiet extract --no-location --sort-output --ignore-dirs="sandbox .*" --omit-header \
		--output=.venv/mww2minox.pot mww2minox
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=110 \
		--domain=mww2minox --input-file=.venv/mww2minox.pot --output-dir=mww2minox/language/locale --locale=nl
	$(BIN)/pybabel --quiet compile --domain=mww2minox --directory=mww2minox/language/locale --statistics

docs: .venv/.installed-dev
	$(BIN)/python .ci/docs.py

# Without --strict pip-audit passes over what it cannot look up, and calls that safe.
audit: .venv/.installed-dev
	@set -eu; report=$$(mktemp); trap 'rm -f "$$report"' EXIT; status=0; \
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		--requirement $(LOCK) --requirement $(DEV_LOCK) --output "$$report" || status=$$?; \
	cat "$$report"; \
	if [ "$$status" -ne 0 ] && [ ! -s "$$report" ]; then \
		echo "Nothing was audited: the vulnerability service could not be asked, or does not know a package" \
			"(see above). Run make audit again where the internet can be reached." >&2; \
	fi; \
	exit "$$status"

lock: .venv/.installed-dev
	$(BIN)/uv pip compile $(COMPILE) --group dev --output-file $(DEV_LOCK) pyproject.toml
	$(BIN)/uv pip compile $(COMPILE) --group build --constraints $(DEV_LOCK) --output-file $(LOCK) pyproject.toml

COMPILE = --quiet --upgrade --universal --python-version 3.11 --extra sandbox --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

clean:
	rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: $(LOCK) pyproject.toml | .venv
	$(call install,$(LOCK))

.venv/.installed-dev: $(DEV_LOCK) pyproject.toml | .venv
	$(call install,$(DEV_LOCK))

define install
@echo "Installing what $< lists into .venv ..."
@$(PIP) install -qq --require-hashes --requirement $(1)
@$(PIP) install -qq --no-deps --no-build-isolation --editable .
@touch $@
endef

.venv:
	@command -v $(PYTHON) >/dev/null || { \
		echo "'$(PYTHON)' was not found. Install Python 3.11 or newer, or name it: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "mww2minox needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V)." \
			"Name a newer one: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
