# SPDX-License-Identifier: EUPL-1.2
# The one entry for people and for continuous integration. It needs Node 20 or later, npm and make;
# everything then runs with the Node of the npm package `node`, which stands first in PATH.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.nyckelring-installed
MANIFESTS := package.json $(wildcard */package.json)

.PHONY: help deps build command check test test-boards test-long hunt fuzz mutation demo firmware native clean

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

# A stamp instead of the folder itself: it is written last, so a broken install is repeated.
$(INSTALLED): package-lock.json $(MANIFESTS)
	npm ci --loglevel=error
	@node -e 'if (Number(process.versions.node.split(".")[0]) < 24) { console.error("node_modules/.bin/node is missing: run npm rebuild node"); process.exit(1) }'
	@touch $@

deps: ## Installs the Debian packages that some suites use, where it may.
	@bash scripts/install-debian-packages.sh

build: $(INSTALLED) ## Checks the types of every package and builds the command and the firmware.
	tsc -b
	@$(MAKE) --no-print-directory command firmware

command: $(INSTALLED) ## Bundles the nyckel command into cli/dist.
	@cd cli && tsup --silent

check: $(INSTALLED) ## Runs every gate: types, style, imports, words, documents, generated files.
	@node scripts/src/check.ts

test: $(INSTALLED) ## Runs the gates and all suites; a suite that cannot run here is listed as skipped.
	@node scripts/src/run-tests.ts

test-boards: $(INSTALLED) ## Plays the acceptance suite on three virtual boards; some minutes. ARGS="T8 --set lock=sim" for less.
	@node cli/test/suite-on-boards.ts $(ARGS)

test-long: $(INSTALLED) ## Cuts power at every flash operation of every step, and pulls keys at every byte; some minutes.
	@node simulator/power-cuts/run.ts
	@node simulator/power-cuts/run-sweeps.ts

hunt: $(INSTALLED) ## Cuts the power twice in a row, and devices of a living town, each for MINUTES minutes; SEED draws.
	@node simulator/power-cuts/run.ts --double $(or $(MINUTES),10) $(SEED)
	@node simulator/power-cuts/run-town.ts --minutes $(or $(MINUTES),10) $(SEED)

fuzz: $(INSTALLED) ## Fuzzes every decoder on host and device code; COUNT and SEED choose how long and which.
	@node scripts/src/fuzz/fuzz.ts $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

mutation: $(INSTALLED) ## Changes the protocol one place at a time and counts what the tests notice; takes long.
	@node scripts/src/mutation.ts $(PIECES)

demo: command ## Runs the pilot day and tells its story.
	@nyckel demo

firmware: $(INSTALLED) native ## Builds the device bundles into firmware/dist, with the native code where its compiler is.
	@node firmware/build/build-all.ts

native: $(INSTALLED) ## Builds the native code of the boards into firmware/dist/native, or says what is missing.
	@node firmware/native/build-all.ts

clean: ## Removes what was built; node_modules stays.
	rm -rf -- */dist out *.tsbuildinfo
