# make frontier   install into .venv, run the main job on digits, print its frontier
# make test       install what the tests need, run them
# make check      linters and types
# make wheel      install a wheel into an empty environment and run the main job with it
# make faults     the long kill-and-resume harness (docs/reliability.md)
# make cluster-test   everything about clusters that this machine can run (cluster/README.md)
# make bench      this project and two peers on one workload (benchmarks/README.md)

PYTHON ?= python3
BIN = .venv/bin

.PHONY: frontier test check wheel faults cluster-test bench clean

frontier: .venv/.installed
	$(BIN)/frontier-search run --dataset digits --objectives loss,params

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile tests

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: .venv/.dev
	$(BIN)/python -m pytest -m wheel tests/test_wheel.py

faults: .venv/.dev
	$(BIN)/python -m pytest -m slow tests/faults -s

cluster-test: .venv/.dev
	$(BIN)/python -m pytest -m 'slow or not slow' tests/cluster

bench: .venv/.installed
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/compare.py

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "frontier-search needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/.dev: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres,cluster,bucket]'
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
