# The book's commands. Each is explained by `make help`; each leaves its work to a tool.
.DEFAULT_GOAL := help
SHELL := bash

PYTHON ?= python3
# Colab's, or the nearest that this machine has.
COLAB_PYTHON ?= $(or $(shell for v in 3.13 3.12 3.11; do \
  for p in python$$v ~/.pyenv/versions/$$v.*/bin/python; do \
    $$p -c '' 2>/dev/null && echo $$p && exit; done; done),$(PYTHON))
BIN := .venv/bin
UV := $(shell command -v uv)
NPM := $(or $(shell command -v npm),$(CURDIR)/$(BIN)/npm)
# `python -m` finds what is installed in .venv; npm from PyPI needs its folder on the path.
export PATH := $(PATH):$(CURDIR)/$(BIN)

# Real data for `make execute` and for the second test run: any folder with mnist.npz and ecg.dat.
export BOOK_DATA ?= $(wildcard $(abspath ../shared/data))
CHAPTER ?= all
# What can be timed, in the order in which it is done; the page is written last.
BENCHMARKS := sources pytorch steps growth network figures page
PART ?= $(BENCHMARKS)
COURSE ?= course
PORT ?= 8000

# nbgrader finds its own tools on the path, and the book's kernel in the course.
NBGRADER = cd $(COURSE) && PATH="$(CURDIR)/.venv-classroom/bin:$$PATH" \
  JUPYTER_PATH="$(abspath $(COURSE))/jupyter" nbgrader

.PHONY: help book serve test test-classroom test-colab execute again seeds sync student instructor bundle pdf assignment grade hub benchmark $(BENCHMARKS:%=benchmark-%) lighthouse lock audit clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: .venv/installed node_modules/.vendored ## build the pages from the stored outputs into _build/html
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "Open _build/html/index.html, or type 'make serve'."

serve: book ## build, then serve the pages on http://localhost:8000 (PORT=8000)
	@echo "http://localhost:$(PORT) - stop with Ctrl-C"
	@$(BIN)/python -m http.server --bind localhost --directory _build/html $(PORT)

test: book .venv-classroom/installed ## check the code, every notebook (quick profile) and the built pages
	$(BIN)/ruff check && $(BIN)/ruff format --check
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder --timeout 1800 --durations 25 tests
	BOOK_PROFILE=quick BOOK_DATA=embedded $(BIN)/pytest -n 2 --dist loadscope --nbval-lax --nbval-current-env book
	@if [ -e "$(BOOK_DATA)/mnist.npz" ]; then set -x; \
	  BOOK_PROFILE=quick $(BIN)/pytest --nbval-lax --nbval-current-env book/03-simple.ipynb; fi

test-classroom: .venv/installed .venv-classroom/installed ## run the students' editions, and mark made hand-ins, of every chapter (an hour; `make test` takes chapter 3)
	BOOK_CLASSROOM=all $(BIN)/pytest -n 2 --dist loadgroup tests/test_editions.py tests/test_assignments.py

# With Colab's versions, no tests of scripts in a browser (test_worlds has what figures hand them),
# of pages, of editions, and of what the repository stores: the versions do not change those.
NOT_COLAB := agreement assignments benchmarks chapters chart comparisons editions figure% glossary \
  jupyterlab models pages sheet site site_links workflows
test-colab: .venv-colab/installed ## run every notebook's quick profile, and the tests of the helpers, with Google Colab's versions
	@.venv-colab/bin/python -c 'import sys; print("Colab has Python 3.13; here:", sys.version.split()[0])'
	BOOK_PROFILE=quick BOOK_DATA=embedded .venv-colab/bin/pytest -n 2 --dist loadscope --nbval-lax --nbval-current-env book
	.venv-colab/bin/pytest -n 2 --dist loadscope --no-loadscope-reorder --timeout 1800 \
	  $(filter-out $(NOT_COLAB:%=tests/test_%.py),$(wildcard tests/test_*.py))

execute: .venv/installed ## run chapters in full on real data; write notebooks and ledgers (CHAPTER=03-simple, default all)
	$(BIN)/python -m bookbuild.chapters execute $(CHAPTER)

again: .venv/installed ## run chapters once more, write nothing, and fail if they measure something else (CHAPTER=...)
	$(BIN)/python -m bookbuild.agreement $(CHAPTER)

seeds: .venv/installed ## train every network of the scoreboard from five seeds (an hour and a half)
	$(BIN)/python -m benchmarks.seeds

sync: .venv/installed ## carry the text of the chapters into their notebooks, without running them
	$(BIN)/python -m bookbuild.chapters sync $(CHAPTER)

student: .venv/installed ## notebooks to solve, without solutions and outputs, into _build/student (CHAPTER=...)
	$(BIN)/python -m bookbuild.editions student $(CHAPTER)

instructor: .venv/installed ## notebooks to teach from, with teaching notes, into _build/instructor (CHAPTER=...)
	$(BIN)/python -m bookbuild.editions instructor $(CHAPTER)

bundle: book ## one zip for a room without internet: pages, notebooks, helpers, a place for the data
	$(BIN)/python -m bookbuild.bundle

pdf: book ## the whole book as one PDF, printed by Chromium, into _build/autoencoders.pdf
	$(BIN)/python -m bookbuild.pdf

assignment: .venv/installed .venv-classroom/installed ## an nbgrader assignment of CHAPTER=03-simple, in the folder COURSE=course
	$(BIN)/python -m bookbuild.assignments $(CHAPTER) --course $(COURSE)
	$(NBGRADER) generate_assignment $(CHAPTER) --create --force --log-level=WARN
	@echo "For the students: $(COURSE)/release/$(CHAPTER)/$(CHAPTER).ipynb"
	@echo "Put hand-ins, named <student>_$(CHAPTER).ipynb, into $(COURSE)/downloaded/$(CHAPTER)/archive;"
	@echo "then: make grade CHAPTER=$(CHAPTER) COURSE=$(COURSE)"

grade: .venv/installed .venv-classroom/installed ## collect and mark all hand-ins of CHAPTER; feedback, and marks as COURSE/grades.csv
	$(NBGRADER) zip_collect $(CHAPTER) --force --log-level=WARN
	@status=0; ($(NBGRADER) autograde $(CHAPTER) --create --force --log-level=WARN) || status=$$?; \
	  ($(NBGRADER) generate_feedback $(CHAPTER) --force --log-level=WARN) && \
	  ($(NBGRADER) export --to grades.csv --log-level=WARN) && cat $(COURSE)/grades.csv && exit $$status

hub: .venv/installed .venv-classroom/installed node_modules/.vendored ## JupyterHub on http://localhost:8000 for the users of this machine; see book/teaching.md
	@mkdir -p $(COURSE)
	$(BIN)/python -m bookbuild.editions student
	$(BIN)/python -m bookbuild.kernel classroom/jupyter
	HUB_STATE="$(abspath $(COURSE))" .venv-classroom/bin/jupyterhub -f classroom/jupyterhub_config.py

benchmark: $(PART:%=benchmark-%) ## time sources (90 minutes), pytorch (20 minutes), steps (1), growth (10), network and figures (2), then write the page (PART=growth, default all)

# Each benchmark may take arguments: make benchmark PART=sources ARGS="simple deep"
$(BENCHMARKS:%=benchmark-%): benchmark-%: .venv/installed
	$(BIN)/python -m benchmarks.$* $(ARGS)
benchmark-pytorch: .venv-pytorch/installed
benchmark-figures: book

lighthouse: book node_modules/lighthouse/package.json ## let Lighthouse judge four pages; fails below the targets (about 10 minutes, idle machine)
	$(BIN)/python -m benchmarks.lighthouse

lock: .venv/installed ## pin requirements.txt from the ranges in pyproject.toml, and the npm packages
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group book --group test --group lock \
	  pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group classroom --output-file requirements-classroom.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group colab --group book --group test \
	  pyproject.toml --output-file requirements-colab.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group pytorch --output-file requirements-pytorch.txt
	$(NPM) install --package-lock-only --ignore-scripts

audit: .venv/installed ## ask PyPI and npm whether a pinned package has a known weakness (needs the internet)
	@status=0; for lock in requirements*.txt; do echo "$$lock:"; \
	  $(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$lock || status=1; done; \
	  echo "package-lock.json:"; $(NPM) audit || status=1; exit $$status

clean: ## remove what the other commands made, stored notebooks apart
	rm -rf .venv .venv-classroom .venv-colab .venv-pytorch _extra node_modules _build .pytest_cache .ruff_cache *.egg-info

# An environment from a lock: $(call environment,folder,lock,Python,own package or nothing)
define environment
$(1)/installed: $(2) pyproject.toml
ifdef UV
	@test -x $(1)/bin/python || uv venv --quiet --python $(3) $(1)
	uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2)
	$(if $(4),uv pip install --quiet --python $(1)/bin/python --no-deps --editable .)
else
	@test -x $(1)/bin/python || $(3) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --require-hashes -r $(2)
	$(if $(4),$(1)/bin/python -m pip install --quiet --no-deps --editable .)
endif
	@touch $$@
endef
$(eval $(call environment,.venv,requirements.txt,$(PYTHON),helpers))
$(eval $(call environment,.venv-classroom,requirements-classroom.txt,$(PYTHON)))
$(eval $(call environment,.venv-pytorch,requirements-pytorch.txt,$(PYTHON)))
$(eval $(call environment,.venv-colab,requirements-colab.txt,$(COLAB_PYTHON),helpers))

node_modules/.vendored: package-lock.json bookbuild/vendor.py bookbuild/figures.js .venv/installed
	$(NPM) ci --omit=dev --ignore-scripts --silent
	$(BIN)/python -m bookbuild.vendor
	@touch $@

# 130 MB that building and testing do without.
node_modules/lighthouse/package.json: | node_modules/.vendored
	$(NPM) install --ignore-scripts --silent
