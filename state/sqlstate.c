// Reading SQLSTATEs. The prefixes are Postgres's own classes (documentation, appendix A), so a
// code that a later server adds still lands in the right place.
#include "state/sqlstate.h"
#include "base/buf.h"
#include "base/str.h"
#include <ctype.h>

struct row {
	const char *prefix;
	enum err_class class;
};

// clang-format off
static const struct row rows[] = { // the first that fits
	{"08",    ERR_TRANSIENT}, // connection exception
	{"0A000", ERR_INVALID},   // feature not supported: this server cannot be our store
	{"22021", ERR_INVALID},   // character not in repertoire: a NUL in text
	{"22P05", ERR_INVALID},   // untranslatable character: \u0000 in jsonb
	{"25006", ERR_CONFLICT},  // read-only transaction: the wrong host
	{"25P03", ERR_TRANSIENT}, // idle in transaction session timeout
	{"28",    ERR_INVALID},   // invalid authorization
	{"3D",    ERR_INVALID},   // no such database
	{"40003", ERR_TRANSIENT}, // statement completion unknown
	{"40",    ERR_CONFLICT},  // serialization failure, deadlock
	{"42501", ERR_DENIED},    // insufficient privilege
	{"53",    ERR_TRANSIENT}, // disk full, out of memory, too many connections
	{"54",    ERR_INVALID},   // program limit exceeded: too large for a column
	{"55P03", ERR_TRANSIENT}, // lock not available
	{"57",    ERR_TRANSIENT}, // shutdown, start-up, statement timeout
	{"58",    ERR_TRANSIENT}, // input or output error below the server
};
// clang-format on

enum err_class sqlstate_class(const char *sqlstate)
{
	if (str_empty(sqlstate))
		return ERR_TRANSIENT;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_starts(sqlstate, rows[i].prefix))
			return rows[i].class;
	return ERR_BUG;
}

static bool is_state(const char *s)
{
	for (int i = 0; i < 5; i++)
		if (!isdigit((unsigned char)s[i]) && !isupper((unsigned char)s[i]))
			return false;
	return s[5] == ':' && s[6] == ' ';
}

// "FATAL:  28P01: password ..." -> "password ..."; the severity may be in any language.
static const char *find_state(const char *line)
{
	for (const char *p = strstr(line, ":  "); p; p = strstr(p + 1, ":  "))
		if (is_state(p + 3))
			return p + 3;
	return NULL;
}

static void add_line(struct buf *out, const char *line, char ret_state[6])
{
	if (isspace((unsigned char)*line) || *line == '\0' || str_starts(line, "LOCATION:"))
		return;
	if (out->len > 0)
		buf_adds(out, "; ");
	const char *state = find_state(line);
	if (!state) {
		buf_adds(out, line);
		return;
	}
	memcpy(ret_state, state, 5);
	ret_state[5] = '\0';
	// "connection to server ... failed: FATAL:  " is cut back to the part before the severity.
	size_t before = (size_t)(state - 3 - line);
	while (before > 0 && line[before - 1] != ' ')
		before--;
	buf_add(out, line, before);
	buf_adds(out, state + 7);
}

void sqlstate_sentence(const char *text, char *ret_sentence, size_t bytes, char ret_state[6])
{
	struct buf out;
	buf_init(&out, (size_t)64 << 10);
	ret_state[0] = '\0';
	char line[1024];
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		size_t kept = n < sizeof(line) ? n : sizeof(line) - 1;
		memcpy(line, text, kept);
		line[kept] = '\0';
		add_line(&out, line, ret_state);
		text += n + (text[n] == '\n');
	}
	str_copy(ret_sentence, bytes, buf_str(&out));
	buf_done(&out);
}

struct err sqlstate_of_result(const PGresult *result)
{
	if (!result)
		return err_nomem();
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	// The detail is left out: it quotes the values of the row.
	if (primary)
		return err_code(sqlstate_class(state), state, "postgres: %s", primary);
	char sentence[300], found[6];
	sqlstate_sentence(PQresultErrorMessage(result), sentence, sizeof(sentence), found);
	return err_code(
		ERR_TRANSIENT, "08006", "postgres: %s", sentence[0] ? sentence : "connection lost");
}

struct err sqlstate_of_connection(const PGconn *conn)
{
	if (!conn)
		return err_nomem();
	char sentence[360], state[6];
	sqlstate_sentence(PQerrorMessage(conn), sentence, sizeof(sentence), state);
	if (!sentence[0])
		str_copy(sentence, sizeof(sentence), "the connection ended");
	enum err_class class = sqlstate_class(state);
	// Whatever a server says while it lets nobody in, it is never our bug, and worth another
	// try.
	if (class == ERR_BUG)
		class = ERR_TRANSIENT;
	// libpq says so by itself, without a code: the server asked, and there was nothing to give.
	if (!state[0] && strstr(sentence, "no password supplied"))
		return err_code(ERR_INVALID, "28000", "postgres: %s", sentence);
	// The answer to target_session_attrs; several hosts may be tried again for the next
	// primary.
	if (!state[0] &&
		(strstr(sentence, "session is read-only") || strstr(sentence, "hot standby")))
		return err_code(ERR_CONFLICT, "25006", "postgres: %s", sentence);
	return err_code(class, state[0] ? state : "08006", "postgres: %s", sentence);
}
