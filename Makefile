# Two commands for a stranger: `make demo` and `make test`. Everything they need is installed by scripts/setup.sh;
# build output is kept under ~/.cache/plimsoll, one folder for each checkout and Cargo.lock: cargo tells what has changed by a file's
# path and time, so two checkouts in one folder would run each other's tests.

CACHE ?= $(HOME)/.cache/plimsoll
BUILD := $(shell { pwd -P; cat Cargo.lock; } | sha256sum | cut -c1-16)
export CARGO_TARGET_DIR ?= $(CACHE)/target-$(BUILD)
export PLIMSOLL_CACHE := $(CACHE)
# Tests to run, as `cargo test` takes them: make test T=open_transaction
T ?=

.PHONY: help test test-large test-postgres test-sqlserver soak fuzz lint advisories image image-test dist screenshots demo demo-sqlserver bench bench-peers bench-pairs build setup stack clean golden

help:
	@echo "make demo [KEEP=1]   the main job, with everything it needs, on this machine"
	@echo "make demo-sqlserver [KEEP=1]  the same with a SQL Server: PLIMSOLL_TEST_SQLSERVER_URL, or a stand-in"
	@echo "make test [T=name]   the whole suite, or the tests whose name holds T"
	@echo "make test-large [ROWS=1000000]  the tests that are about large tables, at full size"
	@echo "make test-postgres   some journeys on PostgreSQL 13 to 18 (VERSIONS=\"14 17\")"
	@echo "make test-sqlserver [T=name]  the journeys of a SQL Server on the one that PLIMSOLL_TEST_SQLSERVER_URL names"
	@echo "make soak [MINUTES=30]  random histories, on and on"
	@echo "make fuzz T=row      one fuzz target (envelope, config, state, row), on and on"
	@echo "make lint            rustfmt, clippy, hadolint, cargo-deny, a T-SQL grammar, terraform fmt; terraform validate and test where its registry is reached"
	@echo "make advisories      known faults in the dependencies; needs RustSec's database (ADVISORY_DB=… names a mirror)"
	@echo "make image [TAG=…]   the container image, by buildah or docker"
	@echo "make image-test      build it and look at what came out: size, user, start (root, buildah)"
	@echo "make bench           what a first load, a tick and a change log cost"
	@echo "make bench-peers     the same table read by other tools"
	@echo "make bench-pairs BEFORE=… AFTER=…  a first load by two binaries, in turns"
	@echo "make build           the release binary"
	@echo "make dist            the same to hand out, in dist/: archive, checksum, bill of materials"
	@echo "make screenshots     the pictures of the pages in docs/images, from the sixty tables that the tests have"
	@echo "make stack           the emulators alone, until Ctrl-C"
	@echo "make golden          accept new golden files"
	@echo "make clean           remove build output and the cached environments"

setup:
	@./scripts/setup.sh >/dev/null

lint:
	@./scripts/lint.sh

advisories:
	@ADVISORY_DB=$(ADVISORY_DB) ./scripts/deny.sh advisories

test: $(if $(T),,lint)
	@./scripts/test.sh $(T)

test-large:
	@echo "tables of $(or $(ROWS),1000000) rows, where make test has 100,000"
	@PLIMSOLL_TEST_ROWS=$(or $(ROWS),1000000) ./scripts/test.sh of_many_rows

test-sqlserver:
	@./scripts/test-sqlserver.sh $(T)

test-postgres:
	@./scripts/test-postgres.sh $(or $(VERSIONS),13 14 15 16 17 18)

fuzz:
	@command -v cargo-fuzz >/dev/null || { echo "cargo install cargo-fuzz, and a nightly toolchain, are needed"; exit 1; }
	cargo +nightly fuzz run $(or $(T),row)

soak:
	@MINUTES=$(or $(MINUTES),30) ./scripts/test.sh history::soak --ignored --nocapture

golden:
	@UPDATE_EXPECT=1 PLIMSOLL_ACCEPT=1 ./scripts/test.sh $(T)

build:
	cargo build --locked --release
	@echo "built $(CARGO_TARGET_DIR)/release/plimsoll"

dist:
	@./scripts/dist.sh

screenshots:
	@./scripts/screenshots.sh

demo:
	@./scripts/demo.sh $(if $(filter-out 0 no false,$(KEEP)),--keep,)

demo-sqlserver:
	@./scripts/demo.sh --sqlserver $(if $(filter-out 0 no false,$(KEEP)),--keep,)

bench:
	@./scripts/bench.sh

bench-peers:
	@./scripts/bench-peers.sh

bench-pairs:
	@python3 benches/pairs.py --venv "$$(./scripts/setup.sh)" --before "$(BEFORE)" --plimsoll "$(AFTER)"

stack:
	@exec python3 tests/support/stack.py --exports --venv "$$(./scripts/setup.sh)"

clean:
	rm -rf $(CACHE) target
