#!/usr/bin/env python3
"""Breaks the code in ways that matter and sees whether the simulation finds each.

A breakage is one edit of a copy of the sources. For each the copy is built, and seeds are run until one
of them ends with a finding; a breakage that none finds fails, and so does an edit whose text is not in its
file exactly once: the list follows the code. What no simulation can find is found by a unit test, which is
named and run. `make sim-breakages`, with ONLY=word for some of them; `--stale` only tells which edits no
longer fit.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("HOLDFAST_BUILD", "build")
COPY = BUILD / "breakages"
SEEDS = os.environ.get("SEEDS") or "10000"  # as many as `make check` runs

# (what is broken, file, text, its replacement)
BREAKAGES = [
    ("a call is sent without an intent", "reconcilers/core/act.c",
     "store_start(run->options.store, &run->intent, &run->task);",
     "op_start(&run->intent.op, &run->task, NULL);\n"
     "\trun->intent.rows = json_pack(\"[{s:b}]\", \"is_leader\", 1);\n"
     "\top_finish_soon(run->options.loop, &run->intent.op, ERR_OK);"),
    ("what an intent may have made is not looked for after a restart", "reconcilers/core/boot.c",
     "\t\t\tresource->record.created_ms = now;\n\t\t\tjson_decref",
     "\t\t\tjson_decref"),
    ("a create without an answer is sent again", "reconcilers/core/act.c",
     "if (step->type == STEP_CREATE && err.maybe_done)\n\t\t\trun->is_unknown = true;",
     ""),
    ("what was created and is not shown yet counts as missing", "reconcilers/core/weigh.c",
     "return in->record->created_ms && in->checked_ms - in->record->created_ms < limit;",
     "return in->record->created_ms && limit < 0;"),
    ("the gate of the lease is always open", "state/keeper.c",
     "return lease_may_write(CONTAINER_OF(gate, const struct lease, gate));",
     "return gate != NULL;"),
    ("a lease counts as proven for ever", "state/lease.c",
     "return passed_ms >= 0 && passed_ms < LEASE_LASTS_MS - LEASE_MARGIN_MS &&",
     "return passed_ms >= 0 &&"),
    ("an intent that the store refused is sent all the same", "reconcilers/core/act.c",
     "if (!err_is(&err) && run->options.lease && !is_leader)",
     "if (!err_is(&err) && run->options.lease && !is_leader && run->at > 1000)"),
    ("another's lease is taken as soon as the server calls it expired", "state/lease.c",
     "boot_ms - sight->since_boot_ms >= LEASE_LASTS_MS;",
     "boot_ms >= sight->since_boot_ms;"),
    ("what was remembered stays when the lease has passed on", "reconcilers/core/lead.c",
     "if (!is_ours || (stack->token && stack->token != lease->token))\n\t\tunload(stack);",
     "(void)unload;"),
    ("an orphan is deleted without approval", "reconcilers/core/orphan.c",
     "} else if (!is_allowed && !weigh_is_approved(in, d)) {",
     "} else if (!is_allowed && !weigh_is_approved(in, d) && in->wanted) {"),
    ("what holds data goes like everything else", "reconcilers/core/orphan.c",
     "bool is_allowed = (stray_of ? in->policy->foreign == FOREIGN_DELETE : is_pruned) &&\n\t\t\t  !in->kind->holds_data;",
     "bool is_allowed = stray_of ? in->policy->foreign == FOREIGN_DELETE : is_pruned;"),
    ("data is replaced without approval", "reconcilers/core/decide.c",
     "bool is_allowed = !weigh_is_barred(in, DISRUPTS_REPLACEMENT) && !in->kind->holds_data;",
     "bool is_allowed = !weigh_is_barred(in, DISRUPTS_REPLACEMENT);"),
    ("a failure is recorded for what nobody knows", "reconcilers/core/act.c",
     "settle(run, err.maybe_done ? \"unknown\" : \"failed\", &err);",
     "settle(run, \"failed\", &err);"),
    ("what is only to be observed is created", "reconcilers/core/decide.c",
     "if (in->policy->mode == MODE_OBSERVE)\n\t\tsay(d, VERDICT_DONE, HEALTH_MISSING, \"ObserveOnly\",\n"
     "\t\t\t\"does not exist; the policy is to observe only\");\n\telse if",
     "if"),
    ("a clock that is set makes things older", "reconcilers/core/shift.c",
     "\tshift(&record->created_ms, by_ms);\n",
     ""),
    ("what came of a call is not recorded", "reconcilers/core/act.c",
     "journal_put(run->options.journal, STORE_ACTION_SETTLE, args);",
     "json_decref(args);"),
    ("a create is settled before its id is remembered", "reconcilers/core/act.c",
     "run->settled = args; // it stays open until its id is remembered",
     "journal_put(run->options.journal, STORE_ACTION_SETTLE, args);"),
    ("a pause is not heeded", "reconcilers/core/guard.c",
     "if (in->paused && would_act(d))",
     "if (in->paused && would_act(d) && in->kind == NULL)"),
    ("a pause is forgotten by who comes after", "reconcilers/core/orders.c",
     "\t\tif (!orders_find(orders, js_str(row, \"order_id\")))\n",
     "\t\tif (!orders)\n"),
    ("what goes for another one is corrected first", "reconcilers/core/decide.c",
     "} else if (weigh_is_replacement(d) && may_replace(in, d)) {",
     "} else if (weigh_is_replacement(d) && may_replace(in, d) && now.count == 0) {"),
    ("two creates bear one token", "reconcilers/core/act.c",
     "\trenew_token(run);\n",
     "\tif (!js_str(run->resource, \"token\"))\n\t\trenew_token(run);\n"
     "\tjs_set_str(run->resource, \"token\", \"6ba7b810-9dad-41d1-80b4-00c04fd430c8\");\n"),
    ("the lease counts from its answer", "state/keeper.c",
     "\tif (json_array_size(lease->call.rows) > 0)\n\t\tlease->proven = lease->sent;",
     "\tif (json_array_size(lease->call.rows) > 0)\n\t\tlease->proven = read_clocks(lease->keeper);"),
    ("an intent does not say under which lease", "reconcilers/core/act.c",
     "json_object_set_new(args, \"token\", json_integer(run->options.lease->token));",
     "json_object_set_new(args, \"token\", json_integer(1));"),
    ("history that the store has taken is told again", "reconcilers/core/journal.c",
     "\t\tnote_taken(journal, entry);\n\tdrop(journal, entry);",
     "\t\tnote_taken(journal, entry);\n\tif (entry->number % 16)\n\t\tdrop(journal, entry);"),
    ("what is refused is tried again at one pace for ever", "reconcilers/core/record.c",
     "delay *= 2;", "delay += 0;"),
    ("what is denied is tried like what timed out", "reconcilers/core/record.c",
     "[ERR_DENIED] = {60000, 900000},", "[ERR_DENIED] = {1000, 60000},"),
    ("what went well again is remembered as a failure", "reconcilers/core/record.c",
     "\t*failure = (struct failure){0};", "\tfailure->next_ms = 0;"),
    ("the token that is sent is not the one that was intended", "reconcilers/core/act.c",
     "\trun->call.is_mutating = true;", "\trun->call.is_mutating = true;\n"
     "\tif (json_object_get(run->input, \"ClientToken\"))\n"
     "\t\tjs_set_str(run->input, \"ClientToken\", run->action_id);"),
    ("the token of a create is not kept", "reconcilers/core/act.c",
     "\t\tjs_set_str(args, \"client_token\", token);", "\t\t(void)token;"),
    ("what is sent once more bears another token", "reconcilers/core/act.c",
     "if (current(run)->type == STEP_CREATE && *run->plan.token)",
     "if (current(run)->type == STEP_CREATE && *run->plan.token && run->at > 1000)"),
    ("what is sent once more is something else by now", "reconcilers/core/weigh.c",
     "return sent_token(in->record->sent, same.digest, creation);",
     "return js_str(in->record->sent, \"token\");"),
    ("what bears our tag is not looked for", "reconcilers/core/found.c",
     "return str_eq_null(js_str(tags, TAG_STACK), o->options.stack);",
     "return str_eq_null(js_str(tags, TAG_STACK), id);"),
]
# What only Postgres itself or a disk can tell, and what no story comes to: with the unit test that finds it.
TESTED = [
    ("an intent is recorded under any token", "state/statements.c",
     "WHERE lease.stack = $2 AND lease.token = $14", "WHERE lease.stack = $2 AND (lease.token = $14 OR TRUE)",
     "state/test_statements"),
    ("an intent is recorded though the lease has expired", "state/statements.c",
     "AND expires_at > clock_timestamp() FOR SHARE", "AND (expires_at > clock_timestamp() OR TRUE) FOR SHARE",
     "state/test_statements"),
    ("an earlier holder overwrites what is so now", "state/statements.c",
     "\"NOT EXISTS (SELECT 1 FROM holdfast.lease WHERE", "\"NOT EXISTS (SELECT 1 FROM holdfast.lease WHERE FALSE AND",
     "state/test_statements"),
    ("what was settled is settled again", "state/statements.c",
     " WHERE action_id = $1 AND (outcome IS NULL OR outcome = 'unknown')", " WHERE action_id = $1",
     "state/test_statements"),
    ("a pass that is told twice counts twice", "state/statements.c",
     "seen AS (SELECT 1 FROM last WHERE last_at >= $3)", "seen AS (SELECT 1 FROM last WHERE last_at > $3)",
     "state/test_statements"),
    ("a lease is renewed under any token", "state/statements.c",
     "WHERE stack = $1 AND holder = $2 AND token = $3 RETURNING beats",
     "WHERE stack = $1 AND holder = $2 AND (token = $3 OR TRUE) RETURNING beats", "state/test_statements"),
    ("a lease in which something moved is taken", "state/statements.c",
     "AND GREATEST(l.beats, 0) = excluded.beats", "AND (GREATEST(l.beats, 0) = excluded.beats OR TRUE)",
     "state/test_statements"),
    ("the journal on disk is not emptied when all was told", "reconcilers/core/journal.c",
     "if (spool_bytes(spool) > 0)\n", "if (spool_bytes(spool) > JOURNAL_MOST_BYTES)\n", "core/test_journal"),
    ("a damaged line of the journal is believed", "state/spool.c",
     "memcmp(line, sum, SUM_DIGITS) != 0)", "memcmp(line, sum, SUM_DIGITS) > 1000)", "state/test_spool"),
    # AWS itself leaves out what is of others, where it can be told to.
    ("what is not ours is taken for ours", "reconcilers/core/found.c",
     "return str_eq_null(js_str(tags, TAG_STACK), o->options.stack);",
     "return js_str(tags, TAG_STACK);",
     "core/test_observe"),
    ("an update that nobody heard of counts as none", "reconcilers/core/act.c",
     "\t\t\tjson_array_extend(run->unsure, step->paths);", "\t\t\t(void)step;",
     "core/test_act"),
    # A daemon would have to stay cut off until the instant at which it was proven comes again.
    ("the lease is proven by the wall clock", "state/keeper.c",
     ".boot_ms = loop_boot_ms(keeper->options.loop),",
     ".boot_ms = loop_wall_ms(keeper->options.loop),",
     "state/test_keeper"),
    # No other version of us sends it otherwise.
    ("another call is made under a token that was refused", "reconcilers/core/act.c",
     "json_decref(TAKE(run->sent));", "log_debug(\"it stays\");",
     "core/test_sent"),
    # The next look of the definition mostly comes before one of the service.
    ("a revision of somebody else's is given to the service", "reconcilers/core/moving.c",
     "else if (d->sync != SYNC_SYNCED && !is_as_good_as_it_gets(target, attr))",
     "else if (d->sync == SYNC_MISSING)",
     "core/test_moving"),
    # A story has no error of another class in the middle of a trouble.
    ("another error begins as slowly as the last one ended", "reconcilers/core/record.c",
     "\tif (!str_eq(failure->key, key) || failure->err.class != err->class)\n\t\tfailure->count = 0;\n", "",
     "core/test_record"),
]
# What the simulation does not find, and why. Tried by name only.
UNFOUND = [
    # No story has the very same change held, approved, made and needed again; test_reconcile.c has, and finds it.
    ("an approval is good for more than once", "reconcilers/core/notes.c",
     "\tjson_object_del(r->stack->approved, digest);\n",
     ""),
    # It saves calls, and keeps no promise: what was written or made and is not shown yet waits its time anyway (weigh.c,
    # weigh_may_exist()), whichever look it was that did not show it, and longer than any look may take.
    ("a look that is older than a write is believed", "reconcilers/core/look.c",
     "if (resource->run || t->started_ms < resource->acted_ms) {",
     "if (resource->run) {"),
]


def copy_sources():
    """The sources and, so that little is compiled, what was built of them."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in ("Makefile", "daemon", "reconcilers", "state", "config", "tests"):
        subprocess.run(["cp", "-a", str(ROOT / name), str(COPY)], check=True)
    built = COPY / "build"
    built.mkdir()
    for one in BUILD.iterdir():
        if one.name in ("daemon", "reconcilers", "state", "config", "gen", "flags", "sources", "blueprints", "page",
                        "tests") or one.suffix == ".a":
            subprocess.run(["cp", "-a", str(one), str(built)], check=True)


def build(program):
    done = subprocess.run(["make", "--no-print-directory", "-j2", program], cwd=COPY, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"a breakage does not compile:\n{done.stdout}{done.stderr}")


def seek():
    """The first seed that ends with a finding and what it says; None when none does."""
    try:
        done = subprocess.run([COPY / "build/tests/sim/simulate", "--seeds", SEEDS, "--quiet"],
                              capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return "it never came to an end"
    return done.stderr.splitlines()[0] if done.returncode else None


def fail(program):
    """The first test of the program that fails, and what it says; None when none does."""
    done = subprocess.run([COPY / program], capture_output=True, text=True, timeout=600)
    said = [line for line in done.stderr.splitlines() + done.stdout.splitlines() if "FAILED" in line]
    return (said or [f"ends with {done.returncode}"])[0] if done.returncode else None


def try_one(what, file, text, replacement, test=None):
    path = COPY / file
    program = f"build/tests/unit/{test}" if test else "build/tests/sim/simulate"
    before = path.read_text()
    if before.count(text) != 1:
        print(f"  STALE  {what}: its text stands {before.count(text)} times in {file}")
        return False
    if test:  # which, with the code as it is, finds nothing
        build(program)
        said = fail(program)
        if said:
            print(f"  FAILS  {what}: so does {test} with nothing broken: {said}")
            return False
    path.write_text(before.replace(text, replacement))
    build(program)
    found = fail(program) if test else seek()
    path.write_text(before)
    missed = f"not by {test}" if test else f"not by {SEEDS} seeds"
    print(f"  {'found' if found else 'MISSED'}  {what}\n         {found or missed}", flush=True)
    return found is not None


def main():
    if sys.argv[1:] == ["--stale"]:
        stale = [f"breakages: the text of '{what}' stands {(ROOT / file).read_text().count(text)} times in {file}"
                 for what, file, text, *_ in BREAKAGES + TESTED + UNFOUND if (ROOT / file).read_text().count(text) != 1]
        for line in stale:
            print(line)
        return 1 if stale else 0
    only = os.environ.get("ONLY", "")
    known = BREAKAGES + TESTED + (UNFOUND if only else [])
    wanted = [one for one in known if only in one[0] or only in one[1]]
    copy_sources()
    build("build/tests/sim/simulate")
    found = sum(try_one(*one) for one in wanted)
    shutil.rmtree(COPY, ignore_errors=True)
    print(f"sim-breakages: {found} of {len(wanted)} found")
    return 0 if found == len(wanted) and wanted else 1


if __name__ == "__main__":
    sys.exit(main())
