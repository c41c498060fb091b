// Blocks: public and database subnets are 256th parts of the network (0.., 8..), those of the
// tasks, which need an address each, 16th parts (1..).
#include "cli/blueprint.h"
#include "base/str.h"
#include "core/cidr.h"

enum { WORD_BYTES = 64 };

struct filling {
	const struct blueprint_params *params;
	struct buf *out;
	struct err err;
	int zone; // index within `each`; -1: outside
};

static const struct part {
	const char *name;
	int bits;
	unsigned from;
} parts[] = {{"public", 8, 0}, {"db", 8, 8}, {"app", 4, 1}};

static void put_block(struct filling *f, const struct part *part)
{
	struct cidr network;
	char text[64];
	if (!cidr_parse(f->params->cidr, &network) || network.width != 32)
		f->err = err_new(
			ERR_INVALID, "'%s' is no IPv4 block such as 10.0.0.0/16", f->params->cidr);
	else if (network.prefix < 16 || network.prefix + part->bits > 28)
		f->err = err_new(ERR_INVALID,
			"%s cannot be divided: AWS takes networks from /16 on, and subnets down to "
			"/28, so that one from /16 to /20 is needed",
			f->params->cidr);
	else if (cidr_part(
			 &network, part->bits, part->from + (unsigned)f->zone, text, sizeof(text)))
		buf_adds(f->out, text);
	else
		f->err = err_new(ERR_BUG, "no part %u of %s", part->from + (unsigned)f->zone,
			f->params->cidr);
}

static void put_names(struct filling *f, const char *word, size_t most)
{
	for (size_t i = 0; i < f->params->zone_count && i < most; i++)
		buf_addf(f->out, "%s%s%s%c", i ? ", " : "", word, *word ? "-" : "",
			f->params->zones[i]);
}

static void put_place(struct filling *f, const char *place)
{
	const struct blueprint_params *p = f->params;
	for (size_t i = 0; i < ARRAY_COUNT(parts) && f->zone >= 0; i++)
		if (str_eq(parts[i].name, place)) {
			put_block(f, &parts[i]);
			return;
		}
	if (str_eq(place, "name"))
		buf_adds(f->out, p->name);
	else if (str_eq(place, "region"))
		buf_adds(f->out, p->region);
	else if (str_eq(place, "cidr"))
		buf_adds(f->out, p->cidr);
	else if (str_eq(place, "account"))
		buf_adds(f->out, p->account ? p->account : "123456789012");
	else if (str_eq(place, "first"))
		buf_addc(f->out, p->zones[0]);
	else if (str_eq(place, "zone") && f->zone >= 0)
		buf_addc(f->out, p->zones[f->zone]);
	else if (str_eq(place, "zones"))
		put_names(f, "", SIZE_MAX);
	else if (str_starts(place, "names "))
		put_names(f, place + strlen("names "), SIZE_MAX);
	else if (str_starts(place, "two "))
		put_names(f, place + strlen("two "), 2);
	else
		f->err = err_new(ERR_BUG, "a blueprint has a place '%s'", place);
}

static void put_line(struct filling *f, const char *line, size_t bytes)
{
	const char *end = line + bytes;
	for (const char *p = line; p < end && !err_is(&f->err);) {
		const char *close =
			p[0] == '%' && p[1] == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;
		char place[WORD_BYTES];
		size_t n = close ? (size_t)(close - p - 2) : sizeof(place);
		if (n >= sizeof(place)) {
			buf_addc(f->out, *p++);
			continue;
		}
		memcpy(place, p + 2, n);
		place[n] = '\0';
		put_place(f, place);
		p = close + 1;
	}
	buf_addc(f->out, '\n');
}

// "%% each zone": the words behind the mark, or NULL.
static const char *directive_of(const char *line, size_t bytes, char text[WORD_BYTES])
{
	while (bytes > 0 && *line == ' ') {
		line++;
		bytes--;
	}
	if (bytes < 3 || strncmp(line, "%% ", 3) != 0 || bytes - 3 >= WORD_BYTES)
		return NULL;
	memcpy(text, line + 3, bytes - 3);
	text[bytes - 3] = '\0';
	return text;
}

static bool holds(const struct filling *f, const char *word)
{
	if (str_eq(word, "account"))
		return f->params->account != NULL;
	return str_eq(word, "one-nat") && f->params->has_one_nat;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : line + strlen(line);
}

// From `text` to the `end` of its part, or the text's; returns what follows. `is_shown`: else only
// passed over.
static const char *put_part(struct filling *f, const char *text, bool is_shown)
{
	char words[WORD_BYTES];
	while (*text && !err_is(&f->err)) {
		const char *line = text, *directive;
		text = next_line(text);
		size_t bytes = strcspn(line, "\n");
		directive = directive_of(line, bytes, words);
		if (!directive) {
			if (is_shown)
				put_line(f, line, bytes);
		} else if (str_eq(directive, "end")) {
			return text;
		} else if (str_starts(directive, "if ")) {
			text = put_part(f, text, is_shown && holds(f, directive + 3));
		} else if (str_starts(directive, "unless ")) {
			text = put_part(f, text, is_shown && !holds(f, directive + 7));
		} else if (str_eq(directive, "each zone") && f->zone < 0) {
			const char *after = text;
			for (f->zone = 0; f->zone < (int)f->params->zone_count; f->zone++)
				after = put_part(f, text, is_shown);
			f->zone = -1;
			text = after;
		} else {
			f->err = err_new(ERR_BUG, "a blueprint has a line '%%%% %s'", directive);
		}
	}
	return text;
}

struct err blueprint_fill(
	const struct blueprint *blueprint, const struct blueprint_params *params, struct buf *out)
{
	struct filling f = {.params = params, .out = out, .err = ERR_OK, .zone = -1};
	put_part(&f, blueprint->text, true);
	return f.err;
}
