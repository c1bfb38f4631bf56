# Inkling. `make` says what there is; `make run` and `make test` also install what this machine lacks.
# The Go toolchain and the one set of build flags are in scripts/go.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.PHONY: help run build static test check race windows crash kill setup proof fresh clean

GO      := scripts/go
VERSION  = $(shell sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)+$(shell git describe --always --dirty --exclude='*' 2>/dev/null || echo archive)
LDFLAGS  = -ldflags '-X main.version=$(VERSION)'

# One package at a time per core, and no more than two on a small machine: the race detector wants memory.
PARALLEL := $(shell awk '/MemTotal/ && $$2 < 8000000 { print "-p 2" }' /proc/meminfo 2>/dev/null)

help: ## Say what there is to make (this list)
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS=$$'\t' read -r name text; do \
		printf '  make %-14s%s\n' "$$name" "$$text"; done

run: ## Build Inkling and open its window; ARGS="--data DIR --name NAME" are passed on
	@scripts/display.sh $(ARGS)
	@scripts/setup.sh build run
	@$(GO) build $(LDFLAGS) -o out/inkling .
	@out/inkling $(ARGS)

build: ## Build the program with its window: out/inkling
	@scripts/setup.sh build
	$(GO) build $(LDFLAGS) -o out/inkling .

static: ## Build the program without a window, for servers (no C, no shared libraries): out/inkling-static
	@scripts/setup.sh
	CGO_ENABLED=0 $(GO) build $(LDFLAGS) -o out/inkling-static .

test: setup check race windows static ## Check and test everything; real windows open on a display of their own

check: ## Look for what needs no running: gofmt, go vet, staticcheck
	@scripts/setup.sh build
	@unformatted="$$("$$($(GO) env GOROOT)/bin/gofmt" -l .)"; \
	[[ -z "$$unformatted" ]] || { printf 'gofmt -w would change:\n%s\n' "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

# crdt is pure: arch_test.go sees to it that it starts no goroutine, so there is nothing to race. SQLite is slow under the
# race detector: of storage those tests run with it in which goroutines meet, and all without. app and netsync, which use it
# from many goroutines, run with it in full.
race: ## Test all packages but uitest, under the race detector (but for crdt, and most of storage)
	@scripts/setup.sh build test
	$(GO) test -vet=off ./crdt/... ./storage/...
	$(GO) test -race -vet=off ./storage -run 'AtOnce|Burst|Close|During|Refuse|Wait|While' -skip Every
	$(GO) test -race -vet=off $(PARALLEL) $$($(GO) list ./... | grep -vE '^inkling/(uitest|crdt|storage)')

# count=1: go test's cache does not know that these tests depend on the whole program.
windows: ## Test the built program in real windows (uitest); screenshots go to out/uitest
	@scripts/setup.sh build run test
	INKLING_ARTEFACTS="$(CURDIR)/out/uitest" $(GO) test -count=1 -vet=off ./uitest/...

IMAGES := 20000
crash: ## Let disks and system calls fail under the library: IMAGES=20000 power cuts in memory, others for real (as root; minutes)
	@scripts/setup.sh crash
	$(GO) test -count=1 -vet=off -timeout 24h ./storage -v -run 'Crash|Every|SystemCall|PowerCut|FullDisk' \
		-images $(IMAGES) -faultstep 1 -powercuts 100 -syscalls 200

KILLS := 200
kill: static ## Kill the program and its library KILLS=200 times each while they write
	INKLING_BIN="$(CURDIR)/out/inkling-static" $(GO) test -count=1 -vet=off -timeout 24h ./app -v -run Killed -kills $(KILLS)
	$(GO) test -count=1 -vet=off -timeout 24h ./storage -v -run Killed -kills $(KILLS)

.PHONY: storage-mutants
storage-mutants: ## Plant bugs in the library's way to the disk, one by one, and see each caught by a test (minutes)
	$(GO) test -count=1 -vet=off -timeout 24h ./storage -v -run TestMutants -mutants

# The comparison is worth what it notices. It needs no Coq: what the oracle said is in crdt/testdata/model.
.PHONY: proof-mutants
proof-mutants: ## Make wrong order rules and want the comparison with the proved one to notice each (minutes)
	@scripts/setup.sh build
	$(GO) test -count=1 -vet=off -timeout 60m ./crdt -run '^TestModelMutants$$' -v -model.mutants "$(CURDIR)/$(GO)"

.PHONY: fuzz
FUZZTIME := 10m
FUZZED   := ./netsync/...
fuzz: ## Give all decoders of the network random bytes, each for FUZZTIME=10m; FUZZED=./crdt/... for those of others (hours)
	@scripts/setup.sh build
	scripts/fuzz.sh $(FUZZTIME) $(FUZZED)

SEEDS := 10000
.PHONY: weather
weather: ## Play SEEDS=10000 networks in virtual time: losses, cuts, restarts, new addresses (half an hour)
	$(GO) test -count=1 -vet=off -timeout 24h ./netsync -v -run Weather -seeds $(SEEDS)

setup: ## Install what is missing for all of the above: packages by apt, a Go toolchain into ~/.cache/inkling
	@scripts/setup.sh build run test

# What the proofs say and how the program is tied to them: crdt/proof/README.md. HISTORIES is how many are compared.
HISTORIES ?= 100000
proof: ## Prove the order rule (Coq, 1 GB when missing) and compare the program with what was proved
	@scripts/setup.sh proof
	@$(MAKE) --no-print-directory -C crdt/proof
	INKLING_ORACLE="$(CURDIR)/out/proof/oracle" $(GO) test -count=1 -vet=off -timeout 60m ./crdt -run TestModel -v \
		-model.histories $(HISTORIES)

fresh: ## Try the two commands on a bare Debian in a chroot (as root; needs mmdebstrap; long)
	@scripts/fresh-machine.sh

clean: ## Remove what was built here
	rm -rf out
