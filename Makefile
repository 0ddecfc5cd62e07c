# The two commands that a newcomer needs: make demo, make test.

GO ?= go
export CGO_ENABLED = 0

.PHONY: demo test bench build fuzz record pictures

build: ## one static binary, ./cyrlock; in it, where there is a C compiler, the library of fix shim
	GOOS= GOARCH= $(GO) run ./fix/shim/build fix/shim/built
	$(GO) build -trimpath -o cyrlock .

demo: build ## a real, harmless hang on this machine, and cyrlock on it
	./cyrlock demo

test: build ## installs what the tests need (Debian; as root), then runs all of them
	sh tests/needs.sh
	$(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	CYRLOCK_TESTS=all $(GO) test -timeout 14m ./...

bench: build ## speed and memory beside the neighbours, one run, ratios printed
	sh tests/needs.sh
	$(GO) run ./tests/bench
	$(GO) test -run '^$$' -bench Scan ./probe # the descriptor scan beside C, by turns: times-C, goal 1.2
	$(GO) test -run '^$$' -bench Frame ./ui # a key and its frame with 5,000 processes: ms/frame, goal 10

record: ## provoke every incident again and record its evidence for diagnose's tests
	CYRLOCK_TESTS=all $(GO) test ./tests -run TestClasses -record -count 1

pictures: build ## the documents' pictures and frames, from the running program; as root
	$(GO) run ./docs/pictures ./cyrlock docs/pictures README.md $(wildcard docs/*.md)

FUZZTIME ?= 20s
# A finding is saved and fails again; Go's fuzzer at times fails for no more than
# that its time is up ("context deadline exceeded"), which a second run tells apart.
fuzz: ## every fuzz test for FUZZTIME
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; run="$(GO) test -run ^Fuzz -fuzz ^$$f\$$ -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p"; \
		$$run || $$run || exit 1; done; done
