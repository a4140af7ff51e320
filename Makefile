# `make` alone lists the targets. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Spark wants a pandas below 3, so PostgreSQL and Spark are tested in an environment of their own.
ENGINES := .venv-engines
ENGINES_READY := $(ENGINES)/.ready
JAVA_17 := java -version 2>&1 | grep -qE 'version "(1[7-9]|[2-9][0-9])'
PG_15 := ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | grep -qE 'postgresql/(1[5-9]|[2-9][0-9])/' || initdb --version 2>/dev/null | grep -qE ' (1[5-9]|[2-9][0-9])'

export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.DEFAULT_GOAL := help
.PHONY: help install demo test test-engines cluster-demo lint docs bench bench-features bench-forecast bench-batch bench-spark bench-serve serve lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## .venv with everything, and .venv/bin/tiercast

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tiercast needs Python 3.11 or newer; got $$($(PYTHON) -V). Name one: make install PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { echo "The system library libgomp is missing, which LightGBM needs. On Debian and Ubuntu: apt-get install libgomp1"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: $(READY) ## the whole way on real data: check, train, backtest, score, whom to call
	$(BIN)/tiercast demo

test: $(READY) ## lint, types, contracts, then all tests; those on PostgreSQL and Spark where there is a Java of 17 or later
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile
	@if $(JAVA_17); then $(MAKE) --no-print-directory test-engines; else \
	  echo "not run: the tests on PostgreSQL and Spark, for want of Java 17. On Debian: apt-get install openjdk-17-jre-headless"; fi

# Sets up .venv-engines (the first time: a download of about 450 MB), starts a PostgreSQL server and a Spark cluster of two
# workers on this machine for as long as the tests run, and compares them with DuckDB. What is not here is skipped, and said.
test-engines: $(ENGINES_READY) ## DuckDB = PostgreSQL = Spark, to the bit, on servers of its own
	@$(PG_15) || echo "PostgreSQL is left out: no server of 15 or later is here. On Debian and Ubuntu: apt-get install postgresql"
	@$(JAVA_17) || echo "Spark is left out: no Java of 17 or later is here. On Debian and Ubuntu: apt-get install openjdk-17-jre-headless"
	$(ENGINES)/bin/python -m pytest -m engines tests/test_engines

# Runs the commands of docs/at-scale.md; says so where Java 17 is missing.
cluster-demo: $(ENGINES_READY) ## a Spark cluster of two workers on 127.0.0.1, forecasts on it, compared with one machine to the bit
	$(ENGINES)/bin/python benchmarks/cluster_demo.py

$(ENGINES_READY): requirements-engines.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tiercast needs Python 3.11 or newer; got $$($(PYTHON) -V)"; exit 1; }
	$(PYTHON) -m venv $(ENGINES)
	$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-engines.lock
	@touch $@

lint: $(READY) ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## docs/features.md and docs/checks.md, from the declarations
	$(BIN)/python -m docs.write_features
	$(BIN)/python -m docs.write_checks

bench: $(READY) ## benchmarks: ratios against a named peer in the same run
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-features: $(READY) ## features of 20 and 100 million synthetic lines, beside a bare scan, SQL and pandas
	$(BIN)/python benchmarks/bench_features.py 20000000
	$(BIN)/python benchmarks/bench_features.py 100000000

bench-forecast: $(READY) ## training on real data and on a million members, and members a second beside LightGBM
	$(BIN)/python benchmarks/bench_forecast.py

bench-batch: $(READY) ## a night's batch of a million members beside doing it by hand, and 30 batches that are killed
	$(BIN)/python benchmarks/bench_batch.py
	$(BIN)/python benchmarks/kill_batch.py $${TMPDIR:-/tmp}/tiercast-kills

bench-spark: $(ENGINES_READY) ## a million synthetic members on two Spark workers, one of them killed, compared with one machine to the bit
	$(ENGINES)/bin/python benchmarks/spark_batch.py 1000000

bench-serve: $(READY) ## the service over a million members beside MLflow, BentoML and Starlette, then overloaded and fuzzed
	$(BIN)/python benchmarks/bench_serve.py
	$(BIN)/python benchmarks/overload.py
	$(BIN)/python benchmarks/fuzz_service.py

serve: $(READY) ## the HTTP service on 127.0.0.1:3000, over what the demo left
	$(BIN)/tiercast serve --without-keys --home demo-data

# All but spark, which holds pandas below 3.
EXTRAS := --extra train --extra postgres --extra client --extra notebook --extra demo --extra dev

lock: ## regenerate the pinned requirement files
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header $(EXTRAS) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header -c requirements.lock pyproject.toml -o requirements-serving.lock
	grep -v '^pandas==' requirements.lock > $(VENV)/but-pandas.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -c $(VENV)/but-pandas.txt $(EXTRAS) --extra spark pyproject.toml -o requirements-engines.lock

clean: ## remove the environment and what the demo left
	rm -rf $(VENV) $(ENGINES) demo-data
