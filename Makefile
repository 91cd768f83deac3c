# The commands of a checkout. Each sets up what it needs; all state lives in .tools/, .venv/ and var/.

PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .tools/bin/uv
RUN := .venv/bin

# The lock file decides; nothing but the packages it names is fetched, and no other Python than the one at hand.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

# Compiled code is kept: the suite and the stack start dozens of processes, and each would compile everything again.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run demo-year test check drill bench rules screens reset

help:  ## Show these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/ready  ## Set up the environment; starts nothing

.venv/ready: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --python $(PYTHON)
	@$(RUN)/python -c "import weasyprint" >/dev/null 2>&1 || { \
	  echo "Letters need the library Pango, which is not on this machine. Install it and try again:"; \
	  echo "  Debian, Ubuntu:  apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"; \
	  echo "  Fedora:          dnf install pango"; \
	  echo "  macOS:           brew install pango"; \
	  exit 1; }
	@touch $@

$(UV): Makefile
	$(PYTHON) -m venv --clear .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

run: setup  ## Run everything on http://localhost:8000; Ctrl-C stops it, the data stay
	@exec $(RUN)/python -m config.run

demo-year: setup  ## Fill an organisation with thousands of cases over three years, for its yearly reports; org=o21 for another
	@$(RUN)/python -m config.run --year $(or $(org),klik-onderwijs)

test: setup  ## Run the whole test suite
	$(RUN)/python -m pytest

check: setup  ## Format, lint, types, layers, templates, Django's own checks, migrations beside a running version
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	git ls-files -z 'templates/*.html' '*/templates/*.html' | xargs -0r $(RUN)/djade --target-version 5.2 --check
	$(RUN)/python manage.py check --fail-level WARNING
	$(RUN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(RUN)/python -m tests.migrating

drill: setup  ## Prove at full size that nothing is lost when all is killed; only=g2 for one, SIZE=0.02 for a small one
	$(RUN)/python -m tests.drills $(if $(only),--only $(only)) --size $(or $(SIZE),1)

bench: setup .tools/helpdesk/ready  ## Measure how fast it is, beside others; only=days for one, SIZE=0.02 for a small one
	$(UV) sync --frozen --inexact --group bench --python $(PYTHON)
	$(RUN)/python -m tests.bench $(if $(only),--only $(only)) --size $(or $(SIZE),1)

# What we are measured against and need nothing of.
.tools/helpdesk/ready: tests/bench/helpdesk.txt $(UV)
	$(UV) venv --clear --python $(PYTHON) .tools/helpdesk
	$(UV) pip install --quiet --python .tools/helpdesk/bin/python --requirement $<
	@touch $@

screens: setup  ## Keep a picture of every page in every state, on a phone and on a desk, in var/screens
	rm -rf var/screens
	$(RUN)/python -m pytest tests/browser/test_every_state.py tests/browser/test_every_desk_page.py --screens var/screens
	@echo "Look at var/screens/<organisation>/<language>/, and at var/screens/<organisation>/desk/"

rules: setup  ## Show which test proves which rule
	$(RUN)/python -m tests.rules

reset: setup  ## Stop what a killed run left behind, and throw all data away
	$(RUN)/python -m config.run --reset
