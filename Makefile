# The tasks of fieldgate. CONTRIBUTING.md says when to use which.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The folders with code that packs bytes or counts: CI tests them on all the
# processors that are emulated.
PACKING := $(wildcard internal/config internal/lifecycle internal/hostfacts telemetry ser2net/internal snmp/internal \
	ipsec/internal/vici openvpn/internal api/atmodem api/hubconfig api/redispoints examples/gateway/hub)

# The processors that gateways have, as GOARCH or GOARCH with its variant.
TARGETS := amd64 arm64 arm,GOARM=6 arm,GOARM=7 mips,GOMIPS=softfloat mipsle,GOMIPS=softfloat riscv64

.PHONY: release test-release emulated test-mips-machine help test quick check peers format vet lint api api-update tidy cross unit integration test-serial-hw big-endian fuzz cover bench-telemetry bench-ser2net bench-snmp bench-api bench-gateway bench-ipsec bench-openvpn test-ipsec-matrix test-l2tp size axe screenshots soak-ser2net soak fmt

help: ## list the tasks
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

test: ## everything that a change must pass (what .ci/run calls)
	@scripts/parts peers format vet lint api tidy cross unit big-endian integration test-serial-hw

quick: ## format, vet and unit tests, for every save
	@scripts/parts format vet unit RACE=

check: ## all that looks at the source only
	@scripts/parts format vet lint tidy

peers: ## install the programs that tests talk to (Debian, as root)
	@scripts/peers

format: ## fail when a file is not formatted
	@files=$$(gofmt -s -l .); test -z "$$files" || { echo "not formatted, run make fmt:"; echo "$$files"; exit 1; }

vet: ## go vet
	@go vet ./...

lint: ## staticcheck with every check
	@go tool -modfile=scripts/tools.mod staticcheck ./...

api: ## fail when the exported API is not what scripts/api/*.txt says, or more
	@go run ./scripts/api

api-update: ## write scripts/api/*.txt anew, after a change that is meant
	@go run ./scripts/api -update

tidy: ## fail when go.mod or go.sum is not what the code needs
	@go mod tidy -diff

cross: ## compile for every processor that gateways have
	@for target in $(TARGETS); do \
		echo "linux/$$target"; \
		env CGO_ENABLED=0 GOOS=linux GOARCH=$${target/,/ } go build -buildvcs=false ./...; \
	done

RACE := -race
unit: ## the tests that need no peer, fuzz seeds included
	@go test $(RACE) -skip '^TestIntegration' ./...

integration: ## the tests against real peers; one that is missing skips them, or fails with CI=true
	@files=$$(grep -rl --include='*_test.go' '^func TestIntegration' . || true); \
	test -z "$$files" || go test -race -count=1 -timeout 30m -run '^TestIntegration' $$(dirname $$files | sort -u)

test-serial-hw: ## the serial backends on a UART, an FTDI adapter and a CDC-ACM device, emulated
	@scripts/serial-hw

big-endian: ## all unit tests on an emulated mips (32 bits, big-endian), what packs bytes also on mipsle and arm
	@scripts/emulated mips,GOMIPS=softfloat
	@scripts/emulated mipsle,GOMIPS=softfloat $(PACKING:%=./%/...)
	@scripts/emulated arm,GOARM=6 $(PACKING:%=./%/...)

TARGET := mips,GOMIPS=softfloat mipsle,GOMIPS=softfloat arm,GOARM=6
emulated: ## all unit tests on emulated mips, mipsle and arm; TARGET=arm,GOARM=7 for one
	@for target in $(TARGET); do echo "linux/$$target"; scripts/emulated "$$target"; done

test-mips-machine: ## what asks the kernel, and the gateway, on a whole emulated MIPS machine, some minutes
	@scripts/mips-machine

fuzz: ## every fuzz target for FUZZTIME, 30s unless told
	@go test -list '^Fuzz' ./... | scripts/fuzz "$${FUZZTIME:-30s}"

cover: ## write bin/cover.html and print the total
	@mkdir -p bin
	@go test -coverpkg=./... -coverprofile=bin/cover.out ./...
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -n 1

bench-telemetry: ## measure telemetry beside collectd, into docs/benchmarks.md
	@go run ./examples/fleet/bench -docs docs/benchmarks.md

bench-ser2net: ## measure ser2net beside C ser2net, into docs/benchmarks.md
	@go run ./examples/ser2net/bench -docs docs/benchmarks.md

bench-snmp: ## measure the SNMP agent beside snmpd, into docs/benchmarks.md
	@go run ./examples/snmpd/bench -docs docs/benchmarks.md

bench-api: ## measure the API of the gateway beside a bare net/http server, into docs/benchmarks.md
	@go run ./examples/gateway/bench -docs docs/benchmarks.md

bench-gateway: ## measure the gateway as a whole, with its pages, into docs/benchmarks.md
	@go run ./examples/gateway/bench -of gateway -docs docs/benchmarks.md

bench-ipsec: ## measure ipsec beside swanctl, into docs/benchmarks.md
	@go run ./examples/ipsec/bench -docs docs/benchmarks.md

bench-openvpn: ## measure openvpn beside the plain program, into docs/benchmarks.md
	@go run ./examples/openvpn/bench -docs docs/benchmarks.md

size: ## what the gateway and each service take of the flash of the reference device, into docs/size.md
	@go run ./examples/gateway/size -docs docs/size.md

axe: ## let axe-core look at every page of the gateway (npm gets it)
	@command -v npm >/dev/null || { echo "needs npm"; exit 1; }; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	(cd "$$dir" && npm pack --silent axe-core@4.14.1 >/dev/null && tar -xzf axe-core-4.14.1.tgz package/axe.min.js); \
	AXE="$$dir/package/axe.min.js" go test -count=1 -v -run '^TestIntegrationAccessibility$$' ./examples/gateway/browser

screenshots: ## pictures of every page of the gateway, into bin/screenshots
	@SCREENSHOTS=$(CURDIR)/bin/screenshots go test -count=1 -run '^TestIntegrationScreenshots$$' ./examples/gateway/browser

test-ipsec-matrix: ## every algorithm of the specification against a real charon, some minutes
	@FIELDGATE_IPSEC_MATRIX=1 go test -count=1 -v -timeout 20m -run '^TestIntegrationMatrix$$' ./ipsec/strongswan

test-l2tp: ## the L2TP programs through the conformance suite, in User-mode Linux
	@FIELDGATE_L2TP_SUITE=1 go test -count=1 -v -timeout 10m -run '^TestIntegrationL2TP$$' ./ipsec/l2tp/xl2tpd

soak-ser2net: ## 1 GB each way and 1,000,000 clients through ser2net, some minutes
	@SER2NET_SOAK_MEGABYTES=1024 SER2NET_SOAK_CONNECTS=1000000 go test -count=1 -v -timeout 30m \
		-run '^TestIntegration(Transfer|Connects)$$' ./ser2net | grep -v level=INFO

soak: ## a hard life for the gateway with all its peers, SOAK=10m long unless told, as root; SEED=N repeats one
	@go run ./examples/gateway/soak -for "$${SOAK:-10m}" $${SEED:+-seed "$$SEED"}

release: ## programs, packages, SBOMs and checksums of the gateway, into bin/release
	@scripts/release

test-release: ## the packages of every target, built twice, and the .deb under a real systemd; some minutes
	@scripts/test-release

fmt: ## format every file
	@gofmt -s -w .
