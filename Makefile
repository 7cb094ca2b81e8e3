# All targets set up all they need in .venv.
PYTHON ?= python3
# mkdocs-material speaks of its future at every build.
export NO_MKDOCS_2_WARNING = 1

.PHONY: demo docs test

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
	.venv/bin/pip install --quiet -e '.[dev,docs,train]'
	.venv/bin/pip install --quiet --no-deps pytorchcv==0.0.74
	touch $@
