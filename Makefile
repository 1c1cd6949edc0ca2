# Needs Python 3.11 or later and make, nothing else. `make lab` to learn, `make test` to check; both set up what they use.
# PYTHON picks the interpreter, VENV the folder of the virtual environment, COURSE that of your copy of the course; LAB_ARGS go to
# JupyterLab, TEST_ARGS to pytest.

PYTHON ?= python3
VENV ?= .venv
COURSE ?=
N ?= 2000
PORT ?= 8000
LAB_ARGS ?=
TEST_ARGS ?=
NOTEBOOKS = $(sort $(wildcard notebooks/*.ipynb))

# Folders go to the shell by the environment, so that any character may be in their names.
export PYTHON VENV COURSE
# Nothing here asks the network once installed: notebooks/.jupyter turns off the news and the update check.
export JUPYTER_CONFIG_PATH := $(CURDIR)/notebooks/.jupyter
# Without stored bytecode every start of a kernel compiles all it imports anew.
unexport PYTHONDONTWRITEBYTECODE
# The course's files are UTF-8, whatever the locale.
export PYTHONUTF8 := 1

# install.py does nothing when it has been done. Jupyter needs a home it can write to; whoever has none gets the environment.
INSTALL = @command -v "$$PYTHON" > /dev/null || { echo "There is no $$PYTHON here. Another one: make lab PYTHON=python3.12" >&2; exit 1; }; \
  "$$PYTHON" install.py --venv "$$VENV"
HOMED = @test -w "$$HOME" || export HOME="$$(cd "$$VENV" && pwd)";
RUN = $(HOMED) "$$VENV/bin/python" -m

.PHONY: help lab lite lite-serve site links test notebooks usage conform bench lint constraints pins machines clean

help:
	@echo "make lab          open your copy of the course, my-course, in JupyterLab"
	@echo "make lite         build the course as a site that runs in a browser alone, in dist/lite; make lite-serve shows it"
	@echo "make site         build the executed course as pages to read, in dist/site"
	@echo "make links        write the repository's address, from pyproject.toml, into the links of README"
	@echo "make test         run every test, and every notebook against its stored outputs"
	@echo "make notebooks    run the notebooks again and store their outputs"
	@echo "make usage        record the tools' usage texts again"
	@echo "make conform N=2000  compare N fresh lines of labkit with the real commands"
	@echo "make bench        measure"
	@echo "make lint         ruff"
	@echo "make constraints  resolve the newest versions into constraints.txt"
	@echo "make pins         ask whether they can be installed on every system"
	@echo "make machines     make lab and make test on fresh Debians (as root; MACHINES=all for every kind)"
	@echo "make clean        remove the virtual environment and caches"

# A learner works in a copy without outputs; where this folder cannot be written to, it is in the home.
lab:
	$(INSTALL) notebooks kernel
	$(HOMED) test -n "$$COURSE" || { test -w . && COURSE=my-course || COURSE="$$HOME/my-course"; }; \
	  "$$VENV/bin/python" -m labkit course "$$COURSE" && \
	  "$$VENV/bin/python" -m jupyterlab --allow-root --LabApp.extension_manager=readonly $(LAB_ARGS) "$$COURSE/00-start-here.ipynb"

# What visitors and readers open: static files, which any web server can show.
lite lite-serve site links: installed-for-hosting
.PHONY: installed-for-hosting
installed-for-hosting:
	$(INSTALL) notebooks hosting

lite:
	$(RUN) hosting.lite dist/lite

lite-serve: lite
	$(RUN) http.server --bind 127.0.0.1 --directory dist/lite $(PORT)

site:
	$(RUN) hosting.pages dist/site

links:
	$(RUN) hosting.links

test notebooks usage conform bench lint: installed-for-tests
.PHONY: installed-for-tests
installed-for-tests:
	$(INSTALL) notebooks kernel test

test:
	$(RUN) tests $(TEST_ARGS)

notebooks:
	$(RUN) tests.regenerate $(NOTEBOOKS)

usage:
	$(RUN) tests.usage

conform:
	$(RUN) tests.conform --lines $(N)

bench:
	$(RUN) pytest -p no:nbval tests/benchmarks tests/benchmarks/large.py tests/browser -k "benchmarks or key_to_screen"

lint:
	$(RUN) ruff check .

# The pins hold for every Python and system that we support; `make pins` asks whether they still do.
constraints pins: installed-for-pins
.PHONY: installed-for-pins
installed-for-pins:
	$(INSTALL) notebooks kernel test pins

PINS = '\# Exact versions of everything `make` installs, for every system; written by `make constraints` for the oldest Python we support.'
constraints:
	$(RUN) uv pip compile -q --universal --no-header --no-annotate --python-version 3.11.0 --all-extras pyproject.toml > constraints.new
	{ echo $(PINS); sed 's/ ;.*//' constraints.new; } > constraints.txt
	rm constraints.new

pins:
	$(RUN) tests.pins

machines:
	"$$PYTHON" -m tests.fresh_machine $(MACHINES)

clean:
	rm -rf "$$VENV" .pytest_cache .hypothesis .ruff_cache
	find labkit tests -name __pycache__ -prune -exec rm -rf {} +
