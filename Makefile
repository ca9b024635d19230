# make frontier       makes .venv, installs into it, searches digits, prints the frontier
# make frontier-mcu   searches for small C on a Cortex-M0+, compiles every member and executes it
# make test           installs what the tests need and runs them
# make check          runs the linters and the types
# make wheel          installs a wheel into an empty environment and searches with it
# make wheels         makes a wheel for each platform in dist/, compiled here for all of them
# make faults         kills and resumes searches for a long time (docs/reliability.md)
# make cluster-test   runs every test of clusters that this machine can run (cluster/README.md)
# make bench          measures this project and two peers on one workload (benchmarks/README.md)
# make screens        makes every picture of a screen anew, and says what is cut (screens/)
# make clean          removes .venv and what tools left behind

PYTHON ?= python3
BIN = .venv/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
TOO_OLD = frontier-search needs Python 3.11 or newer: make PYTHON=python3.11

.PHONY: frontier frontier-mcu test check wheel wheels faults cluster-test bench screens clean

frontier: .venv/.installed
	$(BIN)/frontier-search run --dataset digits --objectives loss,params

frontier-mcu: .venv/.device
	$(BIN)/frontier-search run --dataset friedman1 --device cortex-m0plus \
		--numbers float32,int8,int16 --objectives loss,flash --require "flash<=4KB" --families linear,dense,kronecker \
		--trials 40 --epochs 60 --name frontier-mcu
	$(BIN)/frontier-search export frontier-mcu --all --device cortex-m0plus

test: .venv/.dev
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: .venv/.wheels
	$(BIN)/python -m pytest -m wheel tests/test_wheel.py

wheels: .venv/.wheels
	$(BIN)/python wheels.py dist

faults: .venv/.dev
	$(BIN)/python -m pytest -m slow tests/faults -s

cluster-test: .venv/.dev
	$(BIN)/python -m pytest -m 'slow or not slow' tests/cluster

bench: .venv/.installed
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/compare.py

screens: .venv/.dev
	$(BIN)/python -m screens.make

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(TOO_OLD)")'
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt setup.py frontier_search/training/kernels/kernel.c | .venv/bin/python
	$(INSTALL) -e .
	touch $@

.venv/.device: .venv/.installed
	$(INSTALL) -e '.[device]'
	touch $@

.venv/.dev: .venv/.installed
	$(INSTALL) -e '.[dev,postgres,cluster,bucket,panel,device,onnx]'
	touch $@

.venv/.wheels: .venv/.dev
	$(INSTALL) -e '.[wheels]'
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
