# Two commands need nothing but Python 3.11 or later, make and a package index:
#   make example    serve the example project      make test    run all tests
PYTHON ?= python3
PORT ?= 8000
EXAMPLE = .venv/bin/python example_project/manage.py

.PHONY: example test coverage bench dist clean

# Whatever project the shell is set up for. The mistakes in it are not shown here: the
# warnings would push aside what to try next.
example: export DJANGO_SETTINGS_MODULE = config.settings
example: .venv/ready
	$(EXAMPLE) migrate --verbosity 0 --skip-checks
	$(EXAMPLE) demo_data --skip-checks
	@printf '%s\n' '' \
	  'The shop runs on http://127.0.0.1:$(PORT)/ (admin: demo, password: demo).' \
	  'Try next, in another terminal:' '' \
	  '  $(EXAMPLE) list_signals' \
	  '  $(EXAMPLE) list_signals order_paid' \
	  '  $(EXAMPLE) list_signals --model shop.Order' \
	  '  $(EXAMPLE) trace_signals pay_order' \
	  '  $(EXAMPLE) check --tag signals' '' \
	  'Look at http://127.0.0.1:$(PORT)/panel/ for what a request sends,' \
	  'and at http://127.0.0.1:$(PORT)/mistakes/ for why a receiver is not called.' ''
	$(EXAMPLE) runserver --skip-checks 127.0.0.1:$(PORT)

# TOX_ARGS="-e py313-django61,lint" runs a part.
test: .venv-test/ready
	.venv-test/bin/tox run-parallel $(TOX_ARGS)
	@.venv-test/bin/python .ci/not_run.py reports

# After "make test": what all environments together have covered.
coverage: .venv-test/ready
	.venv-test/bin/tox run -e coverage

bench: .venv/ready
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --group bench
	.venv/bin/python benchmarks/inventory.py
	.venv/bin/python benchmarks/recording.py
	.venv/bin/python benchmarks/coverage.py
	.venv/bin/python benchmarks/events.py
	.venv/bin/python benchmarks/background.py
	.venv/bin/python benchmarks/panel.py

# What is uploaded, from a clean copy of a tag: docs/releasing.md.
dist: .venv-dist/ready
	@! grep --line-number PLACEHOLDER pyproject.toml || \
	  { echo 'Write the addresses of the project into pyproject.toml first.'; exit 1; }
	@! grep --line-number '(unreleased)' CHANGELOG.md || \
	  { echo 'Write the date of the release into CHANGELOG.md first.'; exit 1; }
	rm -rf dist
	.venv-dist/bin/python -m build
	.venv-dist/bin/python -m twine check --strict dist/*

clean:
	rm -rf .venv .venv-dist .venv-test dist .tox .pythons .coverage* reports example_project/db.sqlite3

# The ready files are written last, so an interrupted run starts over.
.venv/ready: pyproject.toml
	$(call venv,.venv,--editable . --group example)

.venv-test/ready: pyproject.toml
	$(call venv,.venv-test,tox)

.venv-dist/ready: pyproject.toml
	$(call venv,.venv-dist,build twine)

define venv
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("signaltools needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(1)/bin/python -m pip install --quiet $(2)
	touch $(1)/ready
endef
