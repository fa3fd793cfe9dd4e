# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests.
# Nothing but Python (3.11 or newer) and make is needed; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= pathalign-demo
# A file of tests stays in one process, so what its tests share is made once. Files go in their order: the slow ones,
# end_to_end, first. More than eight processes would import longer than they test. `make test` runs in one process: where a
# process of pytest-xdist dies, the others wait for it without end.
ON_ALL_CORES ?= --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: help setup test fast demo lint format docs bench bench-curate bench-encode bench-read bench-store bench-train proof-composites sweep-recipes proof-learning proof-pathssl proof-tissue proof-deidentification proof-concepts proof-robustness proof-curation proof-stains clean bench-load bench-views

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-18s %s\n", $$1, $$2}'

setup: $(READY)  ## a virtual environment with PathAlign and what its tests need

$(READY): pyproject.toml constraints.txt requirements-reference.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PathAlign needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/reference -r requirements-reference.txt
	@touch $@

demo: $(READY)  ## the whole chain on a generated cohort, offline; about five minutes on two cores
	$(BIN)/pathalign demo --out $(DEMO)

test: lint  ## everything that CI runs: lint, types, layers, all tests
	$(BIN)/python -m pytest -q

fast: $(READY)  ## unit tests without the slow ones, about a minute on two cores
	$(BIN)/python -m pytest -q -m "unit and not slow" $(ON_ALL_CORES)

lint: $(READY)  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## docs/cli.md anew from the help texts, the table of encoders from their cards
	$(BIN)/python docs/make_cli_reference.py
	$(BIN)/python docs/make_encoder_table.py

bench: $(READY)  ## what each stage costs here, as ratios; writes benchmarks/out/
	$(BIN)/python benchmarks/stages.py

bench-read: $(READY)  ## patches per CPU-second beside other readers and libjpeg-turbo alone: make bench-read [PEERS=PYTHON]
	$(BIN)/python benchmarks/reading.py $(if $(PEERS),--peers $(PEERS))

bench-store: $(READY)  ## embeddings read from our files, shards, TRIDENT's layout and a NumPy map, warm and cold
	$(BIN)/python benchmarks/store.py

bench-encode: $(READY)  ## encoders by what computes them, and int8 by its neighbours: make bench-encode [ENCODER=DIR]
	$(BIN)/python benchmarks/encode.py $(if $(ENCODER),--encoder $(ENCODER))

bench-train: $(READY)  ## operations, memory and CPU time of training beside BLIP-2 as it stands; ten minutes, or [FULL=1]
	$(BIN)/python benchmarks/training.py $(if $(FULL),--full)

bench-load: $(READY)  ## what slides cost on their way from files into a training step, and how long training waits for them
	$(BIN)/python benchmarks/training_loading.py

bench-views: $(READY)  ## recall with int8 rows and with views of 2,048 of 10,000 patches; ten CPU minutes and more
	$(BIN)/python benchmarks/views.py

bench-embed-pipeline: $(READY)  ## how well reading hides behind encoding, and its memory
	$(BIN)/python benchmarks/pipeline.py

bench-curate: $(READY)  ## reports curated per second, and memory over many of them: make bench-curate [REPORTS=50000]
	$(BIN)/python benchmarks/curation_scale.py $(if $(REPORTS),--reports $(REPORTS))

proof-composites: $(READY)  ## the quality table on a composite cohort: make proof-composites COHORT=DIR WORKSPACE=DIR
	$(BIN)/python benchmarks/composites.py --cohort $(COHORT) --workspace $(WORKSPACE)

sweep-recipes: $(READY)  ## options of PathAlign-R's tiny recipe, over seeds: make sweep-recipes COHORT=DIR WORKSPACE=DIR
	$(BIN)/python benchmarks/recipe_sweep.py --cohort $(COHORT) --workspace $(WORKSPACE)

proof-learning: $(READY)  ## what slide models learn from synthetic bags with known truth: ours, BLIP-2 as it is, attention-MIL, mean-pooling
	$(BIN)/python benchmarks/learning.py

proof-pathssl: $(READY)  ## what `pretrain` learns from real patches in CPU minutes, beside histograms and labels
	$(BIN)/python benchmarks/pathssl.py

proof-tissue: $(READY)  ## tissue masks against drawn artefacts and hand-drawn outlines of the real slides
	$(BIN)/python benchmarks/tissue.py

proof-curation: $(READY)  ## parts, statements by kind, stages and texts of real reports against gold; about a minute
	$(BIN)/python benchmarks/curation.py

proof-stains: $(READY)  ## markers and their results in real reports against gold; seconds
	$(BIN)/python benchmarks/stain_results.py

proof-deidentification: $(READY)  ## planted names, dates, numbers and places found in real reports, and words wrongly taken
	$(BIN)/python benchmarks/deidentification.py

proof-concepts: $(READY)  ## diagnoses of real reports in codes: coverage, wordings that become one, the cancer type
	$(BIN)/python benchmarks/concepts.py

proof-robustness: $(READY)  ## some 400 broken copies of real slides through `add` and `embed`; about five minutes
	$(BIN)/python benchmarks/robustness.py

clean:  ## remove the virtual environment, caches and the demo
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
