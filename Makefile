# The habits of this house. `make` alone lists them.

TOOL     = go tool -modfile=tools/go.mod
FUZZTIME ?= 20s
SEED     ?= 1

.DEFAULT_GOAL := help
.PHONY: help run demo test check format vet staticcheck race bench fuzz soak screenshots

help: ## List these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /:/' | awk -F: '{printf "  make %-12s %s\n", $$1, $$2}'

run: ## Serve with the settings of the environment (KRUZHOK_*)
	go run ./cmd/kruzhok serve

demo: ## A community to play with, nothing to set up
	go run ./cmd/kruzhok demo

test: ## All tests; needs only Go
	go test ./...

check: format vet staticcheck race ## What must hold before a change lands

format: ## Files that gofumpt (a stricter gofmt) would change
	@out=$$($(TOOL) gofumpt -l .) || exit 1; test -z "$$out" || { echo "not formatted, run: $(TOOL) gofumpt -w ."; echo "$$out"; exit 1; }

vet:
	go vet ./...

# SA4023 is left out: staticcheck 0.8.2 panics in it (index out of range in its nilness facts).
staticcheck:
	$(TOOL) staticcheck -checks 'inherit,-SA4023' ./...

# SQLite's translated C is not ours and runs twenty times slower under the race detector: it alone is left out, and not all of modernc.org, whose
# copies of generic code would then stand in for everybody's and hide their synchronisation.
# Tests run on PostgreSQL too where KRUZHOK_TEST_POSTGRES_URL is set. Needs gcc.
race: ## All tests with the race detector
	CGO_ENABLED=1 go test -race -gcflags='modernc.org/sqlite/lib=-race=false' -timeout 20m ./...

bench: ## Every measured claim in turn (an hour and more), and all benchmarks; a goal that is missed is told and stops nothing
	go run ./bench/demo
	-go run ./bench/email
	-go run ./bench/email -pipelining=false
	-go run ./bench/email -store sqlite
	-go run ./bench/chat -on postgres
	-go run ./bench/chat -on sqlite
	-go run ./bench/due -on postgres
	-go run ./bench/due -on sqlite
	-go run ./bench/answers -on postgres
	-go run ./bench/answers -on sqlite
	-go run ./bench/answers -how pressed -on postgres
	-go run ./bench/answers -how spoken -on postgres
	-go run ./bench/queue
	-go run ./bench/interactive
	-go run ./bench/lateness
	-go run ./bench/lateness -store sqlite
	-go run ./bench/audience
	-go run ./bench/reads
	-go run ./bench/segments
	-go run ./bench/simulate
	go test -run '^$$' -bench . -benchmem ./...

# An input that finds something new is made smaller for a minute by default, in which a short run tries nothing else.
fuzz: ## Each fuzz target for FUZZTIME (20s)
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg || exit 1; \
		done; \
	done

soak: ## Long, by SEED (1): everything that may go wrong with processes, servers, disk and clock, and three ledgers compared
	go test ./cmd/kruzhok -run '^TestFaults(Together|Apart|Pooled)$$' -v -parallel 1 -timeout 4h -faults.seed=$(SEED) -faults.members=20000 -faults.rounds=60 -faults.away=30s -faults.patience=10m

screenshots: ## Renew the pictures in docs/screenshots (needs Chromium)
	go test ./cmd/kruzhok -run TestScreenshots -screenshots $(CURDIR)/docs/screenshots -timeout 10m
