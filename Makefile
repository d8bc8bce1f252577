# Two commands do everything: 'make demo' and 'make test'. Each sets up what it needs, alone or after the other.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo-output
PORT ?= 8600

# What is compiled is kept, wherever the environment says otherwise: tests start some fifty programs that import the same.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test robustness review lint setup setup-test offline clean

help:
	@echo "make demo     set up, then run the main job on the bundled sample book into $(OUT)/"
	@echo "make review   start the review application on the demo's data"
	@echo "make test     set up, then linter, type checker and all tests"
	@echo "make robustness  spoil files and end work at every step, at full size, 3 h; goes on where it was ended"
	@echo "make offline  make a folder and a tar for installing on a PC without internet, in offline/"
	@echo "make clean    remove the virtual environment and the demo's output"

setup:
	@scripts/bootstrap run

setup-test:
	@scripts/bootstrap test

demo: setup
	@OUT="$(OUT)" scripts/demo

review: setup
	@test -f "$(OUT)/extractor.sqlite" || OUT="$(OUT)" scripts/demo
	@$(BIN)/extractor review serve "$(OUT)" --port $(PORT)

offline:
	@scripts/offline linux offline

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The type checker takes a minute of one core: it works beside the first tests.
test: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/mypy & types=$$!; \
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -q; tests=$$?; \
	wait $$types && exit $$tests

# Two hours of one core; the same command goes on where it was ended. The tests run a small part of both.
robustness: setup-test
	@OMP_NUM_THREADS=1 scripts/robustness $(BIN)/python robustness-output

clean:
	rm -rf $(VENV) "$(OUT)"
