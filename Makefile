# Both targets set up all they need in .venv.
PYTHON ?= python3

.PHONY: demo test

demo: .venv/demo
	.venv/bin/karyogram demo -o karyogram-demo

test: .venv/test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -e .
	touch $@

.venv/test: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -e '.[dev,train,web]'
	.venv/bin/pip install --quiet --no-deps pytorchcv==0.0.74
	touch $@
