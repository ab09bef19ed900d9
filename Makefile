# Everything on a fresh machine with Python 3.11 or newer: `make run` to see it, `make test` to prove it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo test test-citus lint fuzz properties oracle city-year torture hospital-day pictures bench-verify bench-rules bench-settle bench-pages clean

run: $(VENV)/installed
	$(BIN)/gongji demo --serve

demo: $(VENV)/installed
	$(BIN)/gongji demo

# Two processes at a time, each with a PostgreSQL of its own; the tests of a file stay together. WORKERS=0: one after the other.
WORKERS ?= 2

test: $(VENV)/installed-test
	$(MAKE) lint
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile

# The same against a Citus cluster (docs/capacity.md), without browsers and without what is about one server (`one_server`):
# GONGJI_TEST_DATABASE_URL=postgresql://postgres@coordinator/postgres GONGJI_TEST_CITUS_WORKERS=host:port,host:port make test-citus
test-citus: $(VENV)/installed-test
	test -n "$$GONGJI_TEST_DATABASE_URL" -a -n "$$GONGJI_TEST_CITUS_WORKERS"
	$(BIN)/pytest -m "not browser" -rs --numprocesses $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check src tests bench docs/pictures
	$(BIN)/ruff format --check src tests bench docs/pictures
	$(BIN)/mypy
	$(BIN)/lint-imports

# What has to hold for every shipped benefit, over 50,000 random years each instead of the suite's 10,000;
# every visit of 10,000 years reversed instead of 1,000.
properties: $(VENV)/installed-test
	GONGJI_YEARS=50000 GONGJI_REVERSED_YEARS=10000 $(BIN)/pytest tests/benefit/test_pack_properties.py tests/benefit/test_pack_reference.py

# What the platform does against what a plain model predicts: 1,000 families' histories; a year of a city of 100,000.
oracle: $(VENV)/installed-test
	PYTHONPATH=tests $(BIN)/python -m oracle histories $(ARGS)

city-year: $(VENV)/installed-test
	PYTHONPATH=tests $(BIN)/python -m oracle city-year $(ARGS)

# 200,000 mutated messages of all transactions of the national interface, and the REST API against its own description.
fuzz: $(VENV)/installed-test
	GONGJI_MESSAGES=200000 $(BIN)/pytest -s tests/national/test_mutated_messages.py
	GONGJI_EXAMPLES=200 $(BIN)/pytest tests/api/test_described_api.py

# At least 100 kills of the settling process and of PostgreSQL under load, full disks, cut connections; ten minutes at most.
torture: $(VENV)/installed-test
	PYTHONPATH=tests $(BIN)/python -m torture $(ARGS)

# A day of 2,000 visits over HTTP with lost replies, undone and refunded settlements; 3201 and 3202 must agree in the evening.
hospital-day: $(VENV)/installed-test
	PYTHONPATH=tests $(BIN)/python -m hospital_day $(ARGS)

# How long the proof of a million transfers takes here; fills the books first (some minutes).
bench-verify: $(VENV)/installed-test
	PYTHONPATH=tests $(BIN)/python bench/verify $(ARGS)

# The pictures of docs/guide.zh-CN.md, from the demo's world. Needs Chromium and fonts-noto-cjk.
pictures: $(VENV)/installed-test
	$(BIN)/python docs/pictures/take.py

# The same rule and the same people through the kernel, OpenFisca and a plain loop; then files. ARGS="--people 100000" is quicker.
bench-rules: $(VENV)/installed-bench
	$(BIN)/python -m bench.rules $(ARGS)

# Settlements a second against what the same PostgreSQL does by itself; some minutes, on a machine that does nothing else.
bench-settle: $(VENV)/installed-test
	$(BIN)/python -m bench.settle $(ARGS)

# How long a hundred phones wait for a page while hospitals settle at half of what they could.
bench-pages: $(VENV)/installed-test
	$(BIN)/python -m bench.pages $(ARGS)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@ $(VENV)/installed

$(VENV)/installed-bench: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench,simulate]'
	touch $@

clean:
	rm -rf $(VENV) build dist artifacts
