# Needs Python 3.11 or later and make, nothing else. `make lab` to learn, `make test` to check; both set up what they use.
# PYTHON picks the interpreter; LAB_ARGS go to JupyterLab, TEST_ARGS to pytest.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
N ?= 2000
LAB_ARGS ?=
TEST_ARGS ?=
NOTEBOOKS = $(sort $(wildcard notebooks/*.ipynb))

# Without stored bytecode every start of a kernel compiles matplotlib and networkx anew (0.4 s -> 1.1 s each).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab test notebooks conform bench lint constraints clean

help:
	@echo "make lab          open the course in JupyterLab"
	@echo "make test         run every test, and every notebook against its stored outputs"
	@echo "make notebooks    run the notebooks again and store their outputs"
	@echo "make conform N=2000  compare N fresh lines of labkit with the real commands"
	@echo "make bench        measure"
	@echo "make lint         ruff"
	@echo "make constraints  resolve the newest versions into constraints.txt"
	@echo "make clean        remove the virtual environment and caches"

# Nothing here asks the network once installed: notebooks/.jupyter turns off the news and the update check.
lab: $(VENV)/.lab
	JUPYTER_CONFIG_PATH=$(CURDIR)/notebooks/.jupyter $(BIN)/python -m jupyterlab --allow-root \
	  --LabApp.extension_manager=readonly $(LAB_ARGS) notebooks/00-start-here.ipynb

# The tests that ask a kernel mostly wait (for ARP to fail, for silence), so they run beside all others, in two parts. nbval has a
# run of its own, because its plug-in costs every small unit test a second of imports.
FAULTS = tests/kernel/test_conformance.py
PYTEST = $(BIN)/python -m pytest -p no:nbval
test: $(VENV)/.test
ifneq ($(TEST_ARGS),)
	$(PYTEST) $(TEST_ARGS)
else
	@out=$$(mktemp -d); \
	$(PYTEST) $(FAULTS) > $$out/1 2>&1 & one=$$!; \
	$(PYTEST) tests/kernel tests/conform --ignore=$(FAULTS) > $$out/2 2>&1 & two=$$!; \
	$(PYTEST) --ignore=tests/kernel --ignore=tests/conform; rest=$$?; \
	wait $$one; one=$$?; wait $$two; two=$$?; cat $$out/1 $$out/2; rm -r $$out; test $$rest$$one$$two = 000
endif
ifneq ($(NOTEBOOKS),)
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=60 $(NOTEBOOKS)
endif

notebooks: $(VENV)/.test
	$(BIN)/python -m tests.regenerate $(NOTEBOOKS)

conform: $(VENV)/.test
	$(BIN)/python -m tests.conform --lines $(N)

bench: $(VENV)/.test
	$(BIN)/python -m pytest -p no:nbval tests/benchmarks tests/browser -k "benchmarks or key_to_screen"

lint: $(VENV)/.test
	$(BIN)/ruff check .

$(VENV)/.lab: EXTRAS = notebooks,kernel
$(VENV)/.test: EXTRAS = notebooks,kernel,test
$(VENV)/.lab $(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --compile -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"labkit needs Python 3.11 or later; {sys.executable} is {v[0]}.{v[1]}. Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Run it with the oldest Python we support, so that the pins hold on all of them.
constraints:
	rm -rf $(VENV)-pins
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install -q --disable-pip-version-check -e '.[notebooks,kernel,test]'
	echo '# Exact versions of everything `make` installs; written by `make constraints` on the oldest supported Python (3.11).' > constraints.txt
	$(VENV)-pins/bin/python -m pip freeze --exclude labkit >> constraints.txt
	rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache
	find labkit tests -name __pycache__ -prune -exec rm -rf {} +
