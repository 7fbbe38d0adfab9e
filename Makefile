# Needs make and Python 3.10 or newer with venv and pip; everything else goes into .venv.
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
COMPILED := build/compiled
SMOKE := eager doors arrays against_jax train compiled ops fold drawing page ask

# An environment knows its own folder and interpreter: after a move or a change of either, make another.
made_for := $(CURDIR) $(shell $(PYTHON) -VV)
ifneq ($(shell cat $(VENV)/made-for 2>/dev/null),$(made_for))
$(shell rm -f $(VENV)/made-for $(VENV)/demo-ready $(VENV)/test-ready)
endif

.PHONY: demo test test-long lint check test-browser compiled test-compiled test-packages bench clean

demo: $(VENV)/demo-ready  ## train a network on the iris flowers, draw it, walk one backward pass
	$(RUN) examples/iris.py

test: $(VENV)/test-ready  ## tests, doctests, README, docs, examples and notebooks; no browser
	$(RUN) -m pytest -m "not browser and not long"

test-long: $(VENV)/test-ready  ## every op at 2,000 points and more, 1,000 random programs: minutes
	$(RUN) -m pytest -m long

lint: $(VENV)/test-ready  ## ruff, mypy --strict, a smoke run of every benchmark
	$(RUN) -m ruff check .
	$(RUN) -m mypy --strict
	set -e; for name in $(SMOKE); do $(RUN) benchmarks/$$name.py --smoke; done

check: lint test  ## before a change is handed in

test-browser: $(VENV)/test-ready  ## the page, in headless Chromium
	@command -v chromium >/dev/null || { echo "needs chromium on PATH: apt-get install chromium"; exit 1; }
	$(RUN) -m pytest -m browser

compiled: $(VENV)/test-ready  ## this checkout again in build/compiled, its core compiled; needs a C compiler
	rm -rf $(COMPILED)
	mkdir -p $(COMPILED)
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar cf - | tar xf - -C $(COMPILED)
	cd $(COMPILED) && $(CURDIR)/$(RUN) setup.py --quiet build_ext --inplace

test-compiled: compiled  ## the same tests, in the compiled core
	cd $(COMPILED) && $(CURDIR)/$(RUN) -m pytest -m "not browser and not long"

test-packages: $(VENV)/test-ready  ## sdist and wheels, tried in clean environments, with a compiler and without
	$(RUN) tests/packages.py

bench: compiled  ## every figure of benchmarks/README.md, each peer in its own environment; long
	$(RUN) benchmarks/run.py

clean:  ## everything that these commands made
	rm -rf $(VENV) benchmarks/.envs demo build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made-for:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "whygrad needs Python 3.10 or newer; try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@echo '$(made_for)' > $@

$(VENV)/demo-ready: $(VENV)/made-for setup.cfg pyproject.toml
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[train]'
	@touch $@

$(VENV)/test-ready: $(VENV)/made-for setup.cfg pyproject.toml requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@ $(VENV)/demo-ready
