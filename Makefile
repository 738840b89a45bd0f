# Lectern: what can be done here. `make` alone lists it.
#
# What a target needs and the machine lacks, .ci/need installs on Debian and Ubuntu and
# names elsewhere. You need no rights if you have it.

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-print-directory

BIN := bin/lectern
OUT := out

# Where Go's own installer puts it, for shells that were never told.
export PATH := $(PATH):/usr/local/go/bin
# A plain copy of the files builds too, and so does a clone owned by another user. With the flags
# of release builds, these find packages compiled.
export GOFLAGS     := $(filter-out -buildvcs=% -trimpath,$(GOFLAGS)) -buildvcs=false -trimpath
export CGO_ENABLED := 0
# Real subtitle files, where they have been put beside the project.
CORPUS := $(wildcard ../shared/corpus)
ifneq ($(CORPUS),)
export LECTERN_CORPUS ?= $(abspath $(CORPUS))
endif

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Where the sample conference is served: make demo LISTEN=127.0.0.1:9090
LISTEN := 127.0.0.1:8080
DEMO    = --data $(OUT)/demo

.PHONY: demo
demo: ## serve a sample conference, and print a link for each kind of person
	@.ci/need go ffmpeg
	@$(MAKE) build
	@rm -rf $(OUT)/demo
	@$(BIN) import testdata/schedule.xml --yes $(DEMO) >/dev/null 2>&1
	@$(BIN) submit testdata/talk.mp4 --talk prototyping-apis $(DEMO) >/dev/null
	@$(BIN) cut prototyping-apis 00:00:04-00:01:02 $(DEMO)
	@$(BIN) subtitles upload prototyping-apis testdata/talk.en.srt --clock reel $(DEMO) >/dev/null
	@echo
	@echo 'A sample conference. Its one recorded talk is processed in the background (about a minute).'
	@echo 'Each link signs you in as one person. Try them in separate browsers:'
	@echo
	@for who in 'organiser --name Ana' 'speaker --name Inés --talk prototyping-apis' \
	  'translator --name Rosa --talk prototyping-apis --language es' 'reviewer --name Luz --language es'; do \
	  set -- $$who; printf '  %-11s' "$$1"; $(BIN) link new "$$@" --at http://$(LISTEN) $(DEMO); done
	@echo
	@echo 'Upload testdata/talk.es.srt as the translator, and approve it as the reviewer.'
	@echo 'Press Ctrl-C to stop. `make demo` starts over; `$(BIN) serve $(DEMO)` continues.'
	@echo
	@$(BIN) serve --listen $(LISTEN) $(DEMO)

.PHONY: demo-cli
demo-cli: ## publish a bundle from the sample talk into out/, without a server
	@.ci/need go ffmpeg
	@$(MAKE) build
	$(BIN) run testdata/talk.mp4 --talk testdata/talk.yaml \
	  --subtitles en=testdata/talk.en.srt --subtitles es=testdata/talk.es.srt \
	  --cut 00:00:04-00:01:02 -o $(OUT)
	@echo
	@cd $(OUT) && find prototyping-apis | LC_ALL=C sort | sed -e 's|[^/]*/|    |g'
	@echo
	@echo 'Watch it:             $(OUT)/prototyping-apis/video/prototyping-apis.mp4'
	@echo 'Verify its files:     $(BIN) bundle verify $(OUT)/prototyping-apis'
	@echo 'Correct a caption in testdata/talk.es.srt and `make demo-cli` again: no picture is encoded.'
	@echo 'Try your own talk:    $(BIN) run talk.mp4 --title "…" --subtitles en=talk.srt -o $(OUT)'

.PHONY: build
build: ## build bin/lectern
	@.ci/need go
	go build -ldflags "-X main.linkedCommit=$$(git rev-parse HEAD 2>/dev/null)" -o $(BIN) ./cmd/lectern

.PHONY: test
test: ## lint, and every test there is
	@.ci/need go ffmpeg redis-server fonts-noto-core fonts-noto-cjk fontconfig gettext translate-toolkit nodejs npm chromium
	@for dir in internal/tus/testdata/tus-js-client internal/web/testdata/axe; do \
	  npm ci --prefix $$dir --ignore-scripts --no-audit --no-fund; done
	@$(MAKE) lint
	go test -tags slow -timeout 18m ./...

.PHONY: test-fast
test-fast: ## the tests without the slow ones
	@.ci/need go ffmpeg redis-server
	go test ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, and whether it compiles for macOS
	@.ci/need go
	@unformatted=$$(gofmt -l cmd worker internal pipelines); \
	if [ -n "$$unformatted" ]; then echo "These files want gofmt -w:" $$unformatted >&2; exit 1; fi
	go vet -tags slow ./...
	GOOS=darwin go build ./...
	go tool staticcheck -tags slow ./...

# ONLY=ladder,vp9 measures these rows alone, and ROUNDS=1 takes a quick look. A row that was
# interrupted goes on where it stopped. Generated media (20 GB and more) go into CACHE.
ONLY   :=
ROUNDS := 3
CACHE  := .cache/bench

.PHONY: bench
bench: ## measure Lectern beside plain ffmpeg (hours; ONLY=ladder ROUNDS=1: less)
	@.ci/need go ffmpeg
	@$(MAKE) build
	go run ./internal/bench -lectern $(BIN) -cache $(CACHE) -rounds $(ROUNDS) -only '$(ONLY)'

# The version of release archives: make dist VERSION=0.1.1
VERSION := 0.1.0

.PHONY: dist
dist: ## build release archives and packages in dist/
	@.ci/need go dpkg-deb
	.ci/dist $(VERSION)

# Needs root, debootstrap and Debian's archive. BEFORE=FILE.deb is the version to upgrade from;
# without it, an older version number of the same program.
.PHONY: test-package
test-package: dist ## install the .deb in a clean Debian, publish the sample talk there, upgrade and downgrade
	@.ci/need debootstrap
	.ci/test-package $(VERSION) $(BEFORE)

.PHONY: screenshots
screenshots: ## take the pictures in docs/img again
	@.ci/need go ffmpeg chromium nodejs npm
	@npm ci --prefix internal/web/testdata/axe --ignore-scripts --no-audit --no-fund
	LECTERN_SCREENSHOTS=$(CURDIR)/docs/img go test -tags slow -count 1 -run TestServer_WholeJourney ./cmd/lectern

.PHONY: sample
sample: ## make the sample talk in testdata/ again
	@.ci/need ffmpeg
	testdata/make-sample.sh

.PHONY: clean
clean: ## remove what was built and published here
	rm -rf bin dist $(OUT)
