# Holdfast. `make help` lists what there is.
#
# One static library a folder; a folder may use the folders listed for it in USES_*, and nothing
# else (tests/lint/layers.py checks the includes against the same rule).

VERSION := 0.1.0
CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
PYTHON ?= python3
SANITIZE ?=
WERROR ?=

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
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
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
KIND_FILES := $(sort $(foreach l,$(LAYERS),$(filter-out %/layer.c,$(wildcard reconcilers/$(l)/*.c))))

SRC_kinds := $(foreach l,$(LAYERS),$(wildcard reconcilers/$(l)/*.c))
OBJ_kinds := $(SRC_kinds:%.c=$(BUILD)/%.o) $(BUILD)/gen/kinds.o

define folder
SRC_$(1) := $$(filter-out %/main.c,$$(wildcard $$(DIR_$(1))/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(BUILD)/%.o)
endef
$(foreach f,base loop config state aws core control cli,$(eval $(call folder,$(f))))
OBJ_aws += $(BUILD)/gen/models.o
LIBRARIES := base loop config state aws core kinds control cli
$(foreach f,$(LIBRARIES),$(eval $(BUILD)/lib$(f).a: $(OBJ_$(f))))

libs = -Wl,--start-group $(foreach f,$(1),$(BUILD)/lib$(f).a) -Wl,--end-group
lib_files = $(foreach f,$(1),$(BUILD)/lib$(f).a)

# ---- the two programs

.PHONY: all
all: $(BUILD)/holdfastd $(BUILD)/holdfast ## build both programs into build/

APP_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard daemon/*.c))
$(BUILD)/holdfastd: $(APP_OBJ) $(call lib_files,$(USES_app))
	$(CC) $(LDFLAGS) -o $@ $(APP_OBJ) $(call libs,$(USES_app)) $(LDLIBS)

$(BUILD)/holdfast: $(BUILD)/daemon/cli/main.o $(call lib_files,$(USES_cli))
	$(CC) $(LDFLAGS) -o $@ $< $(call libs,$(USES_cli)) $(LDLIBS)

$(BUILD)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcsD $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/models.c: reconcilers/aws/models/gen.py $(MODELS)
	@mkdir -p $(@D)
	$(PYTHON) $< $(MODELS) > $@.tmp && mv $@.tmp $@

# One table a file: reconcilers/network/subnet.c defines `const struct kind subnet_kind`.
$(BUILD)/gen/kinds.c: $(KIND_FILES) Makefile
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

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')

# ---- unit tests: tests/unit/<folder>/test_*.c, linked with what that folder may use

UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
unit_uses = $(USES_$(notdir $(patsubst %/,%,$(dir $(1)))))

define unit
$(BUILD)/$(1:%.c=%): $(BUILD)/$(1:%.c=%.o) $(call lib_files,$(call unit_uses,$(1)))
	$$(CC) $$(LDFLAGS) -o $$@ $$< $(call libs,$(call unit_uses,$(1))) $$(LDLIBS) -lcmocka
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit,$(t))))

# Every program runs, also after one has failed; the sum decides.
run_units = failed=0; for t in $(1); do echo "== $$t"; ./$$t || failed=1; done; exit $$failed

.PHONY: unit
unit: $(UNIT_BIN) ## build and run the unit tests
	@$(call run_units,$(UNIT_BIN))

# `make unit-aws`: one folder's unit tests.
unit-%: 
	@$(MAKE) --no-print-directory $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/$*/test_*.c))
	@$(call run_units,$(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/$*/test_*.c)))

.PHONY: format
format: ## format all C files in place
	clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24
