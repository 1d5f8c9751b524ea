# make run      sets everything up and starts the service: app, watcher and cameras
# make test     sets everything up and passes every check and test, the browser's included
# make install  sets up what it needs to run, and starts nothing
#
# TORCH_INDEX=…  where to take PyTorch from, such as the address of the CPU builds that
#                PyTorch's own installation page shows (see README)
# PORT=…         the app's port

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?=
TORCH_INDEX ?=

.PHONY: run install test check format setup clean
.DELETE_ON_ERROR:

run: $(VENV)/.runtime
	exec $(BIN)/parkcore serve $(if $(PORT),--port $(PORT))

test: check $(VENV)/.browser
	BROWSER=required $(BIN)/pytest -n 2 --dist loadfile --durations 15

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

install: $(VENV)/.runtime

setup: $(VENV)/.dev

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Parkcore needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call apt,python3-venv)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	$(if $(TORCH_INDEX),$(BIN)/pip install --index-url $(TORCH_INDEX) torch torchvision)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Any Chromium at hand, else Debian's package, else Playwright's own (Ubuntu's package is a snap).
$(VENV)/.browser: $(VENV)/.dev
	@command -v chromium || command -v google-chrome \
	  || { grep -qs '^ID=debian' /etc/os-release && $(call apt,chromium); } \
	  || $(BIN)/playwright install --with-deps chromium
	@touch $@

apt = { echo "installing $(1)"; \
  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq $(1) >/dev/null; }
