# Holdfast. `make help` lists what there is.
#
# One static library a folder; a folder may use the folders listed for it in USES_*, and nothing
# else (tests/lint/layers.py checks the includes against the same rule).

.DEFAULT_GOAL := all

VERSION := 0.1.0
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
DESTDIR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
PYTHON ?= python3
SANITIZE ?=
WERROR ?=
# A line a file; `make V=1` shows the commands.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))
# How many things are done at a time where a target starts make again.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

PKGS := libuv libcurl libcrypto jansson libpq libsystemd expat yaml-0.1 libmicrohttpd

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wundef -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough \
	-Wvla -Wnull-dereference -Wno-format-nonliteral -Wno-missing-field-initializers
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
ifeq ($(SANITIZE),)
OPT ?= -O2 -D_FORTIFY_SOURCE=3
else
OPT ?= -O1 -fno-omit-frame-pointer
SAN := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif

CPPFLAGS += -D_GNU_SOURCE -DHOLDFAST_VERSION='"$(VERSION)"' -I. -Idaemon -Ireconcilers -I$(BUILD)/gen
# Asked of pkg-config when the first file is compiled, so that `make deps` works before it is there.
ask_pkg_config = $(if $(filter no,$(shell pkg-config --exists $(PKGS) || echo no)),$(error \
	libraries are missing: `make deps` installs them))$(shell pkg-config $(1) $(PKGS))
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(call ask_pkg_config,--cflags))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(call ask_pkg_config,--libs))$(PKG_LIBS)
CFLAGS += -std=gnu17 -g $(OPT) $(WARN) $(WERROR) $(HARDEN) $(SAN) -ffunction-sections -fdata-sections
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--as-needed $(SAN)
LDLIBS = $(PKG_LIBS) -lm

# ---- folders and who may use whom (levels of the house; lower first)

LAYERS := network compute data security monitoring
FOLDERS := base loop config state aws core $(LAYERS) control cli
DIR_base := daemon/base
DIR_loop := daemon/loop
DIR_config := config
DIR_state := state
DIR_aws := reconcilers/aws
DIR_core := reconcilers/core
DIR_network := reconcilers/network
DIR_compute := reconcilers/compute
DIR_data := reconcilers/data
DIR_security := reconcilers/security
DIR_monitoring := reconcilers/monitoring
DIR_control := daemon/control
DIR_cli := daemon/cli

USES_base := base
USES_loop := loop base
USES_config := config base
USES_state := state loop base
USES_aws := aws loop base
USES_core := core kinds aws state config loop base
USES_control := control $(USES_core)
USES_cli := cli $(USES_control)
USES_app := control $(USES_core)

MODELS := $(sort $(wildcard reconcilers/aws/models/*.json))
# What has a header beside it is shared by kinds and is none.
KIND_FILES := $(sort $(foreach l,$(LAYERS),$(filter-out %/layer.c \
	$(patsubst %.h,%.c,$(wildcard reconcilers/$(l)/*.h)),$(wildcard reconcilers/$(l)/*.c))))

SRC_kinds := $(foreach l,$(LAYERS),$(wildcard reconcilers/$(l)/*.c))
OBJ_kinds := $(SRC_kinds:%.c=$(BUILD)/%.o) $(BUILD)/gen/kinds.o

define folder
SRC_$(1) := $$(filter-out %/main.c,$$(wildcard $$(DIR_$(1))/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(BUILD)/%.o)
endef
$(foreach f,base loop config state aws core control cli,$(eval $(call folder,$(f))))
OBJ_aws += $(BUILD)/gen/models.o
OBJ_cli += $(BUILD)/gen/blueprints.o
OBJ_control += $(BUILD)/gen/page.o
LIBRARIES := base loop config state aws core kinds control cli
$(foreach f,$(LIBRARIES),$(eval $(BUILD)/lib$(f).a: $(OBJ_$(f))))

libs = -Wl,--start-group $(foreach f,$(1),$(BUILD)/lib$(f).a) -Wl,--end-group
lib_files = $(foreach f,$(1),$(BUILD)/lib$(f).a)

# ---- the two programs

.PHONY: all
all: $(BUILD)/holdfastd $(BUILD)/holdfast $(BUILD)/man/holdfast.yaml.5 ## build both programs into build/

# Files that change only when what they say changes: an object is old when its flags are, a library
# when a source file has come or gone.
.PHONY: FORCE
remember = @mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) > $@
$(BUILD)/flags: FORCE
	$(call remember,'$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS))')
$(BUILD)/sources: FORCE
	$(call remember,$(sort $(foreach f,$(LIBRARIES),$(SRC_$(f)))))

# Out of memory ends the daemon (daemon/base/memory.h).
WRAPPED := $(foreach f,malloc calloc realloc reallocarray strdup strndup vasprintf \
	__vasprintf_chk,-Wl,--wrap=$(f))
APP_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard daemon/*.c))
$(BUILD)/holdfastd: $(APP_OBJ) $(call lib_files,$(USES_app))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(WRAPPED) -o $@ $(APP_OBJ) $(call libs,$(USES_app)) $(LDLIBS)

$(BUILD)/holdfast: $(BUILD)/daemon/cli/main.o $(call lib_files,$(USES_cli))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(call libs,$(USES_cli)) $(LDLIBS)

$(BUILD)/lib%.a: $(BUILD)/sources
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/models.c: reconcilers/aws/models/gen.py $(MODELS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) $< $(MODELS) > $@.tmp && mv $@.tmp $@

# One table a file: reconcilers/network/subnet.c defines `const struct kind subnet_kind`.
$(BUILD)/gen/kinds.c: $(BUILD)/sources
	@mkdir -p $(@D)
	@{ echo '// Generated from the file names under reconcilers/.'; \
	   echo '#include "core/kind.h"'; \
	   for l in $(LAYERS); do echo "extern const struct layer $${l}_layer;"; done; \
	   for f in $(KIND_FILES); do echo "extern const struct kind $$(basename $$f .c)_kind;"; done; \
	   echo 'const struct layer *const all_layers[] = {'; \
	   for l in $(LAYERS); do echo "	&$${l}_layer,"; done; \
	   echo '	NULL};'; \
	   echo 'const struct kind *const all_kinds[] = {'; \
	   for f in $(KIND_FILES); do echo "	&$$(basename $$f .c)_kind,"; done; \
	   echo '	NULL};'; } > $@.tmp && mv $@.tmp $@

# The manual's list of kinds and fields, from the tables that the program was built with.
$(BUILD)/man/holdfast.yaml.5: packaging/man/kinds.py packaging/man/holdfast.yaml.5 $(BUILD)/holdfast
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) $< $(BUILD)/holdfast packaging/man/holdfast.yaml.5 > $@.tmp && mv $@.tmp $@

# What `holdfast init` writes, as C text.
BLUEPRINTS := $(sort $(wildcard config/blueprints/*.yaml))
$(BUILD)/blueprints: FORCE
	$(call remember,$(BLUEPRINTS))
$(BUILD)/gen/blueprints.c: config/blueprints/embed.py $(BLUEPRINTS) $(BUILD)/blueprints
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) $< summary cli/blueprint.h blueprint blueprints $(BLUEPRINTS) > $@.tmp && mv $@.tmp $@

# The style and the script of the page that --listen serves.
PAGE := $(sort $(wildcard daemon/control/page/*))
$(BUILD)/page: FORCE
	$(call remember,$(PAGE))
$(BUILD)/gen/page.c: config/blueprints/embed.py $(PAGE) $(BUILD)/page
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(PYTHON) $< digest control/page.h page_file page_files $(PAGE) > $@.tmp && mv $@.tmp $@

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')

# ---- unit tests: tests/unit/<folder>/test_*.c, linked with what that folder may use

UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
unit_uses = $(USES_$(notdir $(patsubst %/,%,$(dir $(1)))))

# The simulation's AWS, store and daemons; a test program takes of it what it names.
SRC_sim := $(filter-out %/simulate.c,$(wildcard tests/sim/*.c))
$(BUILD)/libsim.a: $(SRC_sim:%.c=$(BUILD)/%.o)

define unit
$(BUILD)/$(1:%.c=%): $(BUILD)/$(1:%.c=%.o) $(BUILD)/libsim.a $(call lib_files,$(call unit_uses,$(1)))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$< $(BUILD)/libsim.a $(call libs,$(call unit_uses,$(1))) \
		$$(LDLIBS) -lcmocka
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit,$(t))))

$(BUILD)/tests/sim/simulate: $(BUILD)/tests/sim/simulate.o $(BUILD)/libsim.a $(call lib_files,$(USES_core))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libsim.a $(call libs,$(USES_core)) $(LDLIBS)

# Every program runs, also after one has failed; the sum decides.
run_units = failed=0; for t in $(1); do echo "== $$t"; ./$$t || failed=1; done; exit $$failed

.PHONY: unit unit-programs
unit-programs: $(UNIT_BIN)
unit: $(UNIT_BIN) ## build and run the unit tests
	@$(call run_units,$(UNIT_BIN))

# `make unit-aws`: one folder's unit tests.
unit-%:
	@$(MAKE) --no-print-directory $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/$*/test_*.c))
	@$(call run_units,$(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/$*/test_*.c)))

# ---- the simulation: by seed, on virtual time (tests/sim/story.h)

# `make sim SEED=7` tells one seed's story, event by event; SIM_LOG=2 with the daemons' own log.
# `make sim SEEDS=100000 FROM=20000`: so many, beginning there.
SEED ?=
FROM ?= 1
SHARES ?= $(JOBS)
.PHONY: sim sim-breakages
sim: $(BUILD)/tests/sim/simulate ## SEEDS=10000 stories of faults and crashes on virtual time; SEED=n tells one
ifneq ($(SEED),)
	@SIM_LOG=$(or $(SIM_LOG),1) $< --seed $(SEED)
else
	@for i in $$(seq $(SHARES)); do \
		$< --seeds $(or $(SEEDS),10000) --seed $(FROM) --share $$i/$(SHARES) & pids="$$pids $$!"; \
	done; failed=0; for pid in $$pids; do wait $$pid || failed=1; done; exit $$failed
endif

sim-breakages: $(BUILD)/tests/sim/simulate ## break the code in ways that matter: the simulation finds each
	@HOLDFAST_BUILD=$(BUILD) SEEDS=$(SEEDS) ONLY='$(ONLY)' $(PYTHON) tests/sim/breakages.py

# ---- what the machine has to have

VENV := .venv
AGAIN = $(MAKE) --no-print-directory -j$(JOBS)

.PHONY: deps venv
deps: ## install what is missing of Debian's packages and of the emulator
	@packaging/deps.sh build test
	@$(MAKE) --no-print-directory venv

venv: $(VENV)/made
	@:
$(VENV)/made: tests/requirements.txt packaging/venv.sh
	@packaging/venv.sh $(VENV) tests/requirements.txt
	@touch $@

# ---- system tests, demo, benchmark: real programs, a real Postgres, the emulator

# `make system TESTS='-k subnet -x'`: anything that pytest takes. The tests mostly wait, so there
# are two runs a core, each with a Postgres, an emulator and daemons of its own (some 400 MB).
TESTS ?=
RUNS ?= $(shell expr 2 \* $(JOBS))
.PHONY: system test demo bench faults drift kills stops soak storms
system: all ## run the system tests, RUNS (two a core) of them side by side
	@rm -rf $(BUILD)/system && mkdir -p $(BUILD)/system/taken; \
	for i in $$(seq $(RUNS)); do \
		HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python -m pytest tests/system \
			--shared-by $(BUILD)/system/taken $(TESTS) >$(BUILD)/system/$$i.log 2>&1 & pids="$$pids $$!"; \
	done; failed=0; for pid in $$pids; do wait $$pid || failed=1; done; \
	for i in $$(seq $(RUNS)); do cat $(BUILD)/system/$$i.log; done; exit $$failed

# In steps of their own: nothing is compiled before its libraries are there.
test: ## install what is missing, build, run unit and system tests
	@$(MAKE) --no-print-directory deps
	@$(AGAIN) all unit-programs
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory system

# `make faults RUN=1` runs what it names; else it only checks that it is there.
RUN ?=
faults: $(if $(RUN),all unit-programs) ## how many of the faults in tests/faults.yaml are survived, and which not
	@HOLDFAST_BUILD=$(BUILD) RUN=$(RUN) $(VENV)/bin/python tests/faults.py

demo: ## install what is missing, build, watch an architecture being held
	@$(MAKE) --no-print-directory deps
	@$(AGAIN) all
	@HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/demo/demo.py

drift: all ## make SEEDS=300 (or ONLY='*': all by name) single drifts of the whole example, each seen and corrected
	HOLDFAST_BUILD=$(BUILD) HOLDFAST_DRIFTS=$(or $(SEEDS),300) HOLDFAST_DRIFT="$(ONLY)" $(VENV)/bin/python -m pytest tests/system/test_drifts.py $(TESTS)

KILLS ?= 200
kills: all ## make KILLS=200 kills -9 of the whole example coming up and going away, one of each after
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/system/killing.py --kills $(KILLS)

STOPS ?= 200
stops: all ## make STOPS=200 stops by SIGTERM, whatever it is at: each ends within its deadline
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/system/stopping.py --stops $(STOPS)

# Not SECONDS alone: that is a variable of every bash.
SOAK = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),600)
soak: all ## make SECONDS=600 of the whole example at an interval of 1 s, disturbed: nothing grows
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/system/soaking.py --seconds $(SOAK)

STORM = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)
storms: all ## make SECONDS=60 each class of fault of AWS at a third of the calls, over the whole example
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/system/storming.py --seconds $(STORM)

bench: all $(BUILD)/tests/bench/floor $(BUILD)/tests/bench/replay ## cost of a pass, and of the first convergence, against a bare replay of its requests
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/bench/bench.py
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/bench/answers.py
	HOLDFAST_BUILD=$(BUILD) $(VENV)/bin/python tests/bench/convergence.py

$(BUILD)/tests/bench/floor $(BUILD)/tests/bench/replay: %: %.o $(call lib_files,$(USES_aws))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(call libs,$(USES_aws)) $(LDLIBS)

# ---- checks

C_FILES = $(shell find daemon reconcilers state config tests/unit tests/sim tests/bench tests/fuzz -name '*.[ch]' | sort)
TIDY_STAMPS = $(patsubst %.c,$(BUILD)/tidy/%.ok,$(filter-out tests/%,$(filter %.c,$(C_FILES))))

.PHONY: check check-quick check-lint check-format check-gcc check-manual check-clang check-sanitizers \
	check-sanitizers-system check-tidy check-cppcheck check-unit-file check-sim
check: ## everything that reads or compiles the code: lints, two compilers, sanitizers, analysers
	@$(MAKE) --no-print-directory check-quick
	@$(MAKE) --no-print-directory check-tidy
	@$(MAKE) --no-print-directory check-sim
	@echo 'check: all is well'

check-quick: ## the same without clang-tidy and the 10,000 seeds: what .ci/run has time for
	@packaging/deps.sh build test check
	@$(MAKE) --no-print-directory check-lint
	@$(MAKE) --no-print-directory check-format
	@$(MAKE) --no-print-directory check-gcc
	@$(MAKE) --no-print-directory check-manual
	@$(MAKE) --no-print-directory check-clang
	@$(MAKE) --no-print-directory check-cppcheck
	@$(MAKE) --no-print-directory check-unit-file
	@$(MAKE) --no-print-directory check-sanitizers

check-lint: ## who includes whom, size of files, words that hide unfinished work
	$(PYTHON) tests/lint/layers.py
	$(PYTHON) tests/lint/house.py
	$(PYTHON) tests/sim/breakages.py --stale

check-format: ## clang-format would change nothing
	@echo clang-format --dry-run
	@clang-format --dry-run -Werror $(C_FILES)

check-gcc: ## gcc, every warning an error
	@$(AGAIN) CC=gcc BUILD=build-gcc WERROR=-Werror all unit-programs

check-manual: ## the manual pages against the programs, and groff without a warning
	@$(AGAIN) CC=gcc BUILD=build-gcc WERROR=-Werror all
	$(PYTHON) tests/lint/manual.py build-gcc

check-clang: ## clang, every warning an error
	@$(AGAIN) CC=clang BUILD=build-clang WERROR=-Werror all unit-programs

check-sanitizers: ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(AGAIN) BUILD=build-asan SANITIZE=address,undefined unit-programs
	@$(MAKE) --no-print-directory BUILD=build-asan SANITIZE=address,undefined unit

# The programs themselves through start, reload, faults, failover, kills and stop. Whatever a sanitizer
# says, or an exit status that is not 0, fails the test of whose daemon it is (tests/system/daemon.py).
LIVES := test_process.py test_pair.py test_outage.py test_faults.py test_kill.py test_multi_tier.py test_socket.py
LIFE := test_sigterm or test_storm or test_readiness or killed_leader or sigterm_hands or without_postgres \
	or at_any_time or denied or truncate or huge or create-7 or without_a_failed_call or file_with_errors or garbage
check-sanitizers-system: ## the daemon itself under both sanitizers, through start, reload, faults, failover, stop
	@$(AGAIN) BUILD=build-asan SANITIZE=address,undefined all
	@HOLDFAST_BUILD=build-asan $(VENV)/bin/python -m pytest -q $(LIVES:%=tests/system/%) -k '$(LIFE)'

check-tidy: ## clang-tidy, by .clang-tidy
	@$(AGAIN) tidy

.PHONY: tidy
tidy: $(TIDY_STAMPS)
$(BUILD)/tidy/%.ok: %.c .clang-tidy $(BUILD)/gen/kinds.c $(filter %.h,$(C_FILES))
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	@clang-tidy --quiet --warnings-as-errors='*' $< -- -std=gnu17 $(CPPFLAGS) $(PKG_CFLAGS) \
		2>$(@:.ok=.err) || { cat $(@:.ok=.err); exit 1; }
	@touch $@

check-cppcheck: ## cppcheck
	cppcheck --quiet -j$(JOBS) --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=tests/lint/cppcheck.txt --error-exitcode=1 \
		--library=posix --include=tests/lint/cppcheck/macros.h -D_GNU_SOURCE \
		-I. -Idaemon -Ireconcilers \
		$(filter %.c,$(filter-out tests/% daemon/base/log.c,$(C_FILES)))

check-sim: ## 10,000 seeds of the simulation, on both cores
	@$(AGAIN) $(BUILD)/tests/sim/simulate
	@$(MAKE) --no-print-directory sim SEEDS=10000

check-unit-file: ## the systemd unit, as systemd itself reads it
	@tests/lint/unit-file.sh

# ---- deeper looks, by hand

.PHONY: analyze valgrind valgrind-system fuzz
analyze: ## gcc -fanalyzer over all folders; it has false alarms, so it only tells
	@$(AGAIN) BUILD=build-analyze WERROR=-fanalyzer all

valgrind: $(UNIT_BIN) ## unit tests under valgrind
	@packaging/deps.sh debug
	@failed=0; for t in $(UNIT_BIN); do echo "== $$t"; \
		valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
			--errors-for-leak-kinds=definite,indirect --error-exitcode=99 \
			--trace-children=no ./$$t || failed=1; \
	done; exit $$failed

VALGRIND := valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--error-exitcode=99 --trace-children=no
valgrind-system: all ## the daemon itself under valgrind, through start, reload, faults, failover, stop
	@packaging/deps.sh debug
	@HOLDFAST_BUILD=$(BUILD) HOLDFAST_TEST_WRAPPER='$(VALGRIND)' HOLDFAST_TEST_PATIENCE=300 \
		$(VENV)/bin/python -m pytest -q $(LIVES:%=tests/system/%) -k '$(LIFE)'

# tests/fuzz/fuzz_<folder>_<what>.c is a libFuzzer target, linked with what <folder> may use; its
# first corpus is tests/fuzz/corpus/<folder>_<what>/. What it finds stays in build-fuzz/.
FUZZ_SECONDS ?= 60
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)
define fuzz
$(BUILD)/tests/fuzz/$(notdir $(1:.c=)): $(BUILD)/$(1:.c=.o) \
		$(call lib_files,$(USES_$(word 2,$(subst _, ,$(notdir $(1:.c=))))))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS) -fsanitize=fuzzer -o $$@ $$< \
		$(call libs,$(USES_$(word 2,$(subst _, ,$(notdir $(1:.c=)))))) $$(LDLIBS)
endef
$(foreach t,$(FUZZ_SRC),$(eval $(call fuzz,$(t))))

fuzz: ## every fuzz target for FUZZ_SECONDS (60) with clang, ASan and UBSan
	@packaging/deps.sh build check
	@$(AGAIN) CC=clang BUILD=build-fuzz SANITIZE=address,undefined,fuzzer-no-link fuzz-run
.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@for t in $(FUZZ_BIN); do tests/fuzz/run.sh $$t $(FUZZ_SECONDS) || exit 1; done

.PHONY: format
format: ## format all C files in place
	clang-format -i $(C_FILES)

# ---- installation

BINDIR := $(PREFIX)/bin
SBINDIR := $(PREFIX)/sbin
DATADIR := $(PREFIX)/share
UNITDIR := $(PREFIX)/lib/systemd/system

.PHONY: install uninstall
install: all ## install below PREFIX (/usr/local), or below DESTDIR
	install -D -m 755 $(BUILD)/holdfast $(DESTDIR)$(BINDIR)/holdfast
	install -D -m 755 $(BUILD)/holdfastd $(DESTDIR)$(SBINDIR)/holdfastd
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/holdfast/stacks
	sed 's|@SBINDIR@|$(SBINDIR)|g' packaging/holdfastd.service \
		> $(DESTDIR)$(UNITDIR)/holdfastd.service
	install -D -m 644 packaging/holdfast.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/holdfast/holdfastd.conf || install -D -m 644 \
		packaging/holdfastd.conf $(DESTDIR)$(SYSCONFDIR)/holdfast/holdfastd.conf
	cd config/examples && find . -type f -exec install -D -m 644 {} \
		$(abspath $(DESTDIR)$(DATADIR))/doc/holdfast/examples/{} \;
	set -e; for f in packaging/man/holdfast.1 packaging/man/holdfast.7 packaging/man/holdfastd.8 \
		$(BUILD)/man/holdfast.yaml.5; do install -D -m 644 $$f \
		$(DESTDIR)$(DATADIR)/man/man$${f##*.}/$${f##*/}; done
	set -e; for f in $(wildcard packaging/monitoring/*); do install -D -m 644 $$f \
		$(DESTDIR)$(DATADIR)/holdfast/monitoring/$${f##*/}; done
	install -D -m 644 packaging/completion/holdfast.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/holdfast
	install -D -m 644 packaging/completion/_holdfast \
		$(DESTDIR)$(DATADIR)/zsh/vendor-completions/_holdfast
	install -D -m 644 packaging/completion/holdfast.fish \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/holdfast.fish

uninstall: ## remove what install put there; configuration and state stay
	rm -f $(DESTDIR)$(BINDIR)/holdfast $(DESTDIR)$(SBINDIR)/holdfastd \
		$(DESTDIR)$(UNITDIR)/holdfastd.service \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/holdfast.conf \
		$(DESTDIR)$(DATADIR)/man/man*/holdfast*.[1-8] \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/holdfast \
		$(DESTDIR)$(DATADIR)/zsh/vendor-completions/_holdfast \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/holdfast.fish
	rm -rf $(DESTDIR)$(DATADIR)/doc/holdfast $(DESTDIR)$(DATADIR)/holdfast/monitoring

.PHONY: clean distclean
clean: ## remove what was built
	rm -rf build build-*

distclean: clean ## remove also the emulator's environment
	rm -rf $(VENV)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 28
