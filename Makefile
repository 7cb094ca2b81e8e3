# All targets set up all they need in .venv.
PYTHON ?= python3
# mkdocs-material speaks of its future at every build.
export NO_MKDOCS_2_WARNING = 1

FUZZ_SECONDS ?= 20
FUZZ_EXAMPLES ?= 500

.PHONY: audit demo docs fuzz fuzz-api lock test

demo: .venv/demo
	.venv/bin/karyogram demo -o karyogram-demo

docs: .venv/test
	.venv/bin/python docs/generate.py
	.venv/bin/mkdocs build

# mkdocs counts no warnings under --quiet, so that strict would mean nothing.
test: .venv/test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest
	.venv/bin/mkdocs build

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -e .
	touch $@

.venv/test: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -e '.[dev,docs,train,web]'
	.venv/bin/pip install --quiet --no-deps pytorchcv==0.0.74
	touch $@

# Every reader of files is handed broken ones; says so if atheris cannot be had here.
fuzz: .venv/test
	-.venv/bin/pip install --quiet 'atheris>=3.0'
	.venv/bin/python fuzz/run.py --seconds $(FUZZ_SECONDS)

# The API is asked for all that its description names, so often for each operation, other things each time.
fuzz-api: .venv/test
	EXAMPLES=$(FUZZ_EXAMPLES) .venv/bin/pytest -q tests/web/test_server_contract.py

# What the container installs, each file with its hash. To be renewed when a dependency changes.
lock: .venv/tools/done
	CUSTOM_COMPILE_COMMAND='make lock' .venv/tools/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --extra web \
	  --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

# Known vulnerabilities of what is locked; where that cannot be asked, it says that it did nothing.
audit:
	@if ! $(MAKE) --silent .venv/tools/done; then echo 'NOT AUDITED: pip-audit cannot be installed here'; \
	elif .venv/tools/bin/pip-audit --vulnerability-service osv --require-hashes --disable-pip -r requirements.lock \
	  >.venv/audit.log 2>&1; then tail -n 3 .venv/audit.log; \
	elif grep -qE 'ConnectionError|ProxyError|Timeout' .venv/audit.log; then \
	  echo 'NOT AUDITED: the database of vulnerabilities cannot be reached'; \
	else cat .venv/audit.log; exit 1; fi

.venv/tools/done:
	$(PYTHON) -m venv .venv/tools
	.venv/tools/bin/pip install --quiet pip-tools pip-audit
	touch $@
