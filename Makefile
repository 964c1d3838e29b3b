# Everything a day needs. Each target does its own set-up; no target needs arguments.

SWIFT ?= swift
SOURCES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

.PHONY: help setup build demo test format lint release docs clean

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
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

lint: setup ## Check that format has nothing to do, and the other rules of .swift-format.
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

release: setup ## Build one file that needs no Swift on the machine: .build/dist/pushforward
	@Scripts/release.sh

docs: setup ## Build the reference documentation; warnings are errors.
	@Scripts/documentation.sh

clean: ## Remove what was built.
	rm -rf .build demo-output
