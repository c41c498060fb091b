// pg_blocking_pids() gives 0 for a prepared transaction, which is nobody's session; what a role may
// not see of another's session is NULL in pg_stat_activity.
#include "state/blocker.h"
#include "base/str.h"

static const char question[] =
	"SELECT b.pid, a.usename, a.application_name, a.state,"
	" extract(epoch FROM clock_timestamp() - a.xact_start)::bigint"
	" FROM unnest(pg_blocking_pids($1::integer)) AS b(pid)"
	" LEFT JOIN pg_stat_activity a USING (pid) ORDER BY a.xact_start LIMIT 1";

void blocker_init(struct blocker *blocker)
{
	*blocker = (struct blocker){0};
	pg_query_init(&blocker->query, question);
}

void blocker_done(struct blocker *blocker)
{
	pg_query_done(&blocker->query);
}

void blocker_ask(struct blocker *blocker, struct pg *through, int pid, struct task *owner)
{
	snprintf(blocker->pid, sizeof(blocker->pid), "%d", pid);
	blocker->params[0] = blocker->pid;
	op_reset(&blocker->query.op);
	blocker->query.params = blocker->params;
	blocker->query.param_count = 1;
	pg_query_start(through, &blocker->query, owner);
}

static const char *column(const PGresult *result, int n, const char *otherwise)
{
	const char *value = PQgetvalue(result, 0, n);
	return *value ? value : otherwise;
}

bool blocker_take(struct blocker *blocker)
{
	if (!op_is_finished(&blocker->query.op))
		return false;
	const PGresult *result = blocker->query.result;
	char text[BLOCKER_TEXT_BYTES] = "";
	if (result && PQntuples(result) > 0)
		snprintf(text, sizeof(text),
			"session %.12s (%.60s, %.60s, %.40s) holds a lock there, in a transaction "
			"of %.20s s",
			column(result, 0, "?"), column(result, 1, "user not known"),
			column(result, 2, "program not known"),
			column(result, 3, "state not known"), column(result, 4, "?"));
	pg_query_done(&blocker->query);
	op_reset(&blocker->query.op);
	if (!*text || str_eq(text, blocker->text))
		return false;
	str_copy(blocker->text, sizeof(blocker->text), text);
	return true;
}
