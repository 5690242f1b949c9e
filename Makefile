# The book's commands. `make help` explains each; each leaves its work to a tool.
.DEFAULT_GOAL := help
SHELL := bash

# A Python to take; empty for the first of these versions that this machine has.
PYTHON ?=
COLAB_PYTHON ?= $(PYTHON)
VERSIONS := 3.13 3.12 3.11
BIN := .venv/bin
NPM := $(or $(shell command -v npm),$(CURDIR)/$(BIN)/npm)
# `python -m` finds what is installed in .venv; npm from PyPI needs its folder on the path.
export PATH := $(PATH):$(CURDIR)/$(BIN)

# Real data for `make execute` and for the second test run: any folder with mnist.npz and ecg.dat.
BOOK_DATA ?= $(wildcard $(abspath ../shared/data))
# Notebooks run in a folder of their own, so a relative path becomes a full one.
override export BOOK_DATA := $(if $(BOOK_DATA),$(shell cd "$(BOOK_DATA)" 2>/dev/null && pwd || echo "$(BOOK_DATA)"))
# Matplotlib's settings and list of fonts. Those in the home belong to every project of the user:
# a list made while another one was being deleted lacks the fonts of formulas, and cells warn.
export MPLCONFIGDIR := $(CURDIR)/_build/matplotlib
WHOLE := _build/.whole
CHAPTER ?= all
# What `make benchmark` measures by default, in this order; the pictures are drawn last.
PART ?= sources pytorch steps growth network figures pictures
COURSE ?= course
PORT ?= 8000

# Names, marks and solutions are for the teacher alone, whoever else works on this machine.
# In a folder, or behind a link, of another user they would be that user's.
PRIVATE_COURSE = umask 077 && mkdir -p "$(COURSE)" && \
  if [ "$$(find "$(COURSE)" "$(COURSE)/." -prune ! -user "$$(id -u)")" ]; then \
    echo "$(COURSE) belongs to another user. Name a folder of your own: COURSE=..." >&2; exit 1; fi && \
  chmod 700 "$(COURSE)"
# nbgrader finds its own tools on the path.
NBGRADER = umask 077 && cd "$(COURSE)" && PATH="$(CURDIR)/.venv-classroom/bin:$$PATH" nbgrader

.PHONY: help book serve pdf animation sync execute play again translate claims test test-all test-colab test-classroom editions bundle assignment grade lab benchmark lock audit publish release clean

help:
	@awk -F ':.*## ' '/^## /{ print "\n" substr($$0, 4) } /^[a-z-]+:.*## /{ printf "  make %-14s %s\n", $$1, $$2 }' Makefile

## For readers

book: .venv/installed _extra/vendor/figures.js ## build the pages from the stored outputs into _build/html
	@$(BIN)/python -m helpers.files
	@# Sphinx goes by the time of pages: it would keep one that an interrupted build wrote half.
	@rm $(WHOLE) 2>/dev/null || rm -rf _build/html _build/.doctrees _build/ko
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@$(BIN)/python -m bookbuild.derive
	@$(BIN)/jupyter-book build _build/ko -W -n --keep-going --quiet
	@touch $(WHOLE)
	@echo "Open _build/html/index.html, or type 'make serve'."

serve: book ## build, then serve the pages on http://localhost:8000 (PORT=8000)
	@echo "http://localhost:$(PORT) - stop with Ctrl-C"
	@$(BIN)/python -m http.server --bind localhost --directory _build/html $(PORT)

pdf: book ## the whole book as one PDF, printed by Chromium, into _build/autoencoders.pdf
	$(BIN)/python -m bookbuild.pdf

animation: book ## the README's moving picture and the social card: the front page's network while it trains
	$(BIN)/python -m bookbuild.animation

## For authors

sync: .venv/installed ## carry the text of the chapters into their notebooks, without running them
	$(BIN)/python -m bookbuild.chapters sync $(CHAPTER)

execute: .venv/installed ## run chapters in full on real data; write notebooks and ledgers (CHAPTER=simple, default all)
	$(BIN)/python -m bookbuild.chapters execute $(CHAPTER)

play: .venv/installed ## run anew only the figures that show published networks: the cells tagged play
	$(BIN)/python -m bookbuild.chapters play $(CHAPTER)

again: .venv/installed ## run chapters once more, write nothing, and fail if they measure something else (CHAPTER=...)
	$(BIN)/python -m bookbuild.rerun $(CHAPTER)

# Every notebook runs without the network, as a reader's would without one; the profile makes it short.
NBVAL := --nbval-lax --nbval-current-env
QUICK := BOOK_PROFILE=quick BOOK_DATA=embedded
PYTEST := $(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder --timeout 1800 --durations 25
SIMPLE := book/models/simple.ipynb

test: book ## check the code, the pages and one notebook: before each commit, some eight minutes on two idle cores
	$(BIN)/ruff check && $(BIN)/ruff format --check
	$(NPM) exec --no -- eslint helpers bookbuild book/_static tests
	$(PYTEST) -m "not heavy" tests
	$(QUICK) $(BIN)/pytest $(NBVAL) $(SIMPLE)

translate: .venv/installed ## bring the catalogues of the Korean book (book/locale/ko) in step with the English, and say what is missing (PAGE=simple, default all)
	@$(BIN)/python -m bookbuild.translate $(PAGE)

claims: .venv/installed ## list the sentences that compare and rest on no measured number, for advice (PAGE=simple, default all)
	@$(BIN)/python -m bookbuild.claims $(PAGE)

## For teachers

editions: .venv/installed ## notebooks to solve (_build/student) and to teach from, with notes (_build/instructor); CHAPTER=...
	$(BIN)/python -m bookbuild.editions student $(CHAPTER)
	$(BIN)/python -m bookbuild.editions instructor $(CHAPTER)

bundle: book ## one zip for a room without internet: pages, notebooks, helpers, a place for the data
	$(BIN)/python -m bookbuild.bundle

assignment: .venv/installed .venv-classroom/installed ## an nbgrader assignment of CHAPTER=simple, in the folder COURSE=course
	$(PRIVATE_COURSE) && $(BIN)/python -m classroom.assignments $(CHAPTER) --course "$(COURSE)"
	$(NBGRADER) generate_assignment $(CHAPTER) --create --force --log-level=WARN
	@echo "For the students: $(COURSE)/release/$(CHAPTER)/$(CHAPTER).ipynb"
	@echo "Put hand-ins, named <student>_$(CHAPTER).ipynb, or the zip of a learning platform"
	@echo "into $(COURSE)/downloaded/$(CHAPTER)/archive; then: make grade CHAPTER=$(CHAPTER) COURSE=$(COURSE)"

grade: .venv/installed .venv-classroom/installed ## collect and mark all hand-ins of CHAPTER; feedback, and marks as COURSE/grades.csv
	@.venv-classroom/bin/python -m classroom.sandbox
	@$(PRIVATE_COURSE) && $(BIN)/python -m classroom.collect $(CHAPTER) --course "$(COURSE)"
	@umask 077 && .venv-classroom/bin/python -m classroom.marking $(CHAPTER) --course "$(COURSE)" && \
	  cat "$(COURSE)/grades.csv"

# JupyterLab itself listens to this machine alone, makes a password and does not start as root.
lab: .venv/installed ## the students' edition in JupyterLab, to see on this machine what they will see; for one user, not for a class
	$(BIN)/python -m bookbuild.editions student
	@echo "For you alone: a class needs a hub (book/reference/teaching.md). The next 'make lab' replaces what you change."
	$(BIN)/jupyter lab --ip=localhost --no-browser _build/student

## For maintainers

test-all: test .venv-classroom/installed ## `make test`, and what takes longer: every notebook, every page in three browsers, clusters, courses
	$(PYTEST) -m heavy tests
	$(QUICK) $(BIN)/pytest -n 2 --dist loadscope $(NBVAL) --ignore $(SIMPLE) book
	@if [ -e "$(BOOK_DATA)/mnist.npz" ]; then set -x; BOOK_PROFILE=quick $(BIN)/pytest $(NBVAL) $(SIMPLE); fi

# What the versions can change: what chapters import, the checks of their exercises, code in pages.
test-colab: .venv-colab/installed ## every notebook, and the tests of what it imports, with Google Colab's versions
	@.venv-colab/bin/python -c 'import sys; print("Colab has Python 3.13; here:", sys.version.split()[0])'
	.venv-colab/bin/python -m helpers.install # as the setup cell does: its lock lacks what Colab lacks
	$(QUICK) .venv-colab/bin/pytest -n 2 --dist loadscope $(NBVAL) book
	.venv-colab/bin/pytest -n 2 --dist loadscope --no-loadscope-reorder --timeout 1800 \
	  tests/helpers tests/exercises tests/lessons

test-classroom: .venv/installed .venv-classroom/installed ## run the students' editions, and mark made hand-ins, of every chapter (an hour)
	BOOK_CLASSROOM=all $(BIN)/pytest -n 2 --dist loadgroup tests/classroom/test_editions.py tests/classroom/test_assignments.py

# One part may take arguments: make benchmark PART=sources ARGS="simple deep"
benchmark: .venv/installed $(if $(filter pytorch,$(PART)),.venv-pytorch/installed) $(if $(filter figures lighthouse,$(PART)),book) $(if $(filter lighthouse,$(PART)),node_modules/.lighthouse) ## time sources (90 minutes), pytorch (20), steps (1), growth (10), network and figures (2), then draw the pictures, and type make sync; PART=seeds trains the scoreboard's networks (90), PART=first_picture waits for a chapter's first picture (10), PART=lighthouse judges the pages (10)
	for part in $(PART); do $(BIN)/python -m benchmarks.$$part $(ARGS) || exit; done

LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-annotate --custom-compile-command "make lock"
lock: .venv/installed ## pin requirements.txt from the ranges in pyproject.toml, and the npm packages
	$(LOCK) --group book --group test --group lock pyproject.toml --output-file requirements.txt.part
	$(LOCK) --group classroom --output-file requirements/classroom.txt.part
	$(LOCK) --group server --constraint requirements/classroom.txt.part --output-file requirements/server.txt.part
	$(LOCK) --group colab --group book --group test --output-file requirements/colab.txt.part
	$(LOCK) --group pytorch --output-file requirements/pytorch.txt.part
	for part in requirements.txt.part requirements/*.part; do mv "$$part" "$${part%.part}"; done
	$(NPM) install --package-lock-only --ignore-scripts

audit: .venv/installed ## ask PyPI and npm whether a pinned package has a known weakness (needs the internet)
	@status=0; for lock in requirements.txt requirements/*.txt; do echo "$$lock:"; \
	  $(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$lock || status=1; done; \
	  echo "package-lock.json:"; $(NPM) audit || status=1; exit $$status

# Both run on GitHub, which sets the variables. The site is that of the prepared commit.
PUBLISH = $(BIN)/python -m bookbuild.publish
publish: .venv/installed ## on GitHub: pages, PDF and bundle with the repository's own address; finished notebooks into its branch `published`, the students' into `published-student`
	$(PUBLISH) prepare
	$(MAKE) pdf bundle
	mkdir -p _build/html/download && cp _build/autoencoders.pdf _build/autoencoders.zip _build/html/download
	$(PUBLISH) push

release: .venv/installed ## on GitHub, for a tag: the same into a branch of its own, and site, PDF and bundle into a release
	$(PUBLISH) prepare --branch "published-$$GITHUB_REF_NAME" --version "$$GITHUB_REF_NAME" --source "$$BOOK_SOURCE"
	$(MAKE) pdf bundle
	$(PUBLISH) push --branch "published-$$GITHUB_REF_NAME"
	cd _build && "$(CURDIR)/$(BIN)/python" -m zipfile -c autoencoders-site.zip html
	gh release create "$$GITHUB_REF_NAME" --verify-tag --generate-notes \
	  _build/autoencoders.pdf _build/autoencoders.zip _build/autoencoders-site.zip

clean: ## remove what the other commands made, stored notebooks apart
	rm -rf .venv .venv-classroom .venv-colab .venv-pytorch _extra node_modules _build .pytest_cache .ruff_cache *.egg-info

# The script knows what the stamp's time does not: whether the environment is whole and its Python
# still there. If so it changes nothing, and nothing that depends on the stamp is made again.
.venv/installed: FORCE
	@bookbuild/environment.sh $(@D) requirements.txt "$(PYTHON)" "3 $(VERSIONS)" own
.venv-classroom/installed: FORCE
	@bookbuild/environment.sh $(@D) requirements/classroom.txt "$(PYTHON)" "3 $(VERSIONS)"
.venv-pytorch/installed: FORCE
	@bookbuild/environment.sh $(@D) requirements/pytorch.txt "$(PYTHON)" "3 $(VERSIONS)"
.venv-colab/installed: FORCE # Colab has the first of the versions
	@bookbuild/environment.sh $(@D) requirements/colab.txt "$(COLAB_PYTHON)" "$(VERSIONS)" own
FORCE:

# `npm ci` begins by removing what is there. Without Node on the machine, npm is that of .venv.
node_modules/.vendored: package-lock.json | .venv/installed
	$(NPM) ci --omit=optional --ignore-scripts --silent
	@touch $@

# The last file that is copied.
_extra/vendor/figures.js: node_modules/.vendored bookbuild/vendor.py bookbuild/figures.js | .venv/installed
	$(BIN)/python -m bookbuild.vendor

# 130 MB that building and testing do without. An npm with an older Node than Lighthouse wants would
# leave it out without a word.
node_modules/.lighthouse: node_modules/.vendored
	$(BIN)/npm install --ignore-scripts --silent
	@touch $@
