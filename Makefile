# Everything a day needs. Each target does its own set-up; no target needs arguments.

SWIFT ?= swift
# Every Swift file, but not what builds have put there.
SOURCES = find . -name '*.swift' -not -path '*/.build*' -print0

.PHONY: help setup build demo test format lint release docs bench bench-peers counts quality clean

help: ## Say what there is.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Check for what a build needs; install it where that is allowed.
	@Scripts/setup.sh

build: setup ## Build the program: .build/release/pushforward
	$(SWIFT) build -c release --product pushforward

demo: build ## Fit the table that comes with the program, sample, score; into demo-output.
	.build/release/pushforward demo --out demo-output

# Numerical tests run in release: one kernel is 60 times slower in debug.
test: setup ## Build and run all tests, in release.
	$(SWIFT) test -c release --disable-xctest

format: setup ## Format all Swift sources in place.
	@$(SOURCES) | xargs -0 $(SWIFT) format --in-place --parallel

lint: setup ## Check that format has nothing to do, and the other rules of .swift-format.
	@$(SOURCES) | xargs -0 $(SWIFT) format lint --strict --parallel

release: setup ## Build one file that needs no Swift on the machine: .build/dist/pushforward
	@Scripts/release.sh

docs: setup ## Build the reference documentation; warnings are errors.
	@Scripts/documentation.sh

# PEER_PYTHON, a Python with torch and zuko, adds one line to the program's figures.
bench: setup ## Time kernels, models, the whole program and the number of rows: about ten minutes.
	$(SWIFT) build -c release --package-path Benchmarks
	Benchmarks/.build/release/MicroBenchmarks
	@for model in maf nsf realnvp nsf-coupling; do for columns in 6 21 63; do \
	  Benchmarks/.build/release/ModelBenchmarks --model $$model --dim $$columns --seconds 1; done; done
	Benchmarks/.build/release/AllocationBenchmarks
	Benchmarks/.build/release/ModelBenchmarks --model nsf --dim 21 --figures scaling
	Benchmarks/program/run.sh
	Benchmarks/scale/run.sh

bench-peers: setup ## Install the Python peers outside the repository, time ours and theirs in turn, print the ratios.
	Benchmarks/bench-peers.sh

counts: setup ## Count instructions of a training step and of scoring, compare with those recorded.
	@Scripts/instruction-counts.sh

# PYTHON needs numpy, scikit-learn, torch and zuko; Benchmarks/quality/README.md says how to get them.
PYTHON ?= python3
quality: build ## Fit ours and the peers' models to the same splits, print test log-likelihoods.
	Benchmarks/quality/compare.sh .build/release/pushforward $(PYTHON)

clean: ## Remove what was built.
	rm -rf .build demo-output
