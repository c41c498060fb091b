// Which request is which: a const table of the API's paths, with their parameters checked here, so
// that an endpoint's function finds typed values in exchange->params.
//
// Every answer is JSON with "format": 1 unless it says text; times are ISO-8601 texts in UTC; an
// error is {"format":1,"error":{"code","message","remedy"?}}. Unknown paths and parameters are
// errors.
#pragma once

#include "control/control.h"

typedef void (*control_endpoint_fn)(void *self, struct control_exchange *exchange);

/* What the API does; filled by the application. An endpoint that is NULL does not exist (404). Each
 * function leads to exactly one control_answer*(). Endpoints that take `stack` may be asked without
 * one: then all stacks are meant, or the only one.
 *
 * RESOURCE  {"address","kind","layer","id","sync","health","reason","message","checked_at","since",
 *            "held"?: the id by which its change is approved,
 *            "rejected"?: {"who","at","why"?}: the person who said no to it,
 *            "retry"?: {"attempt","since","next_at"}: the attempts that failed, and the next,
 *            "action"?: {"operation","attempt","started_at"}}
 * STACK     {"format":1,"stack","account","region","endpoint"?,"summary",
 *            "daemon":{"version","pid","started_at","now","ready"},
 *            "config":{"file","version","loaded_at","error":null|{"findings":[...],"at"}},
 *            "store":{"phase","message"},"progress":null|{"done","total","elapsed_ms"},
 *            "blind":[{"layers","kinds","cause","class","remedy","since","next_at"}]: what AWS
 * cannot be asked about, one a cause,
 *            "layers":[{"name","sync","health","resources","drifted","held","failed","progressing",
 *                       "paused","pause":null|{"who","reason","at","until"},
 *                       "braked":null|{"brake","reason","at"},"checked_at","next_at","busy",
 *                       "last_pass":{"calls","ms","at","trigger"}}],
 *            "resources":[RESOURCE]}
 * ACTION    {"id","change":"+|~|-|-/+","address","reason",
 *            "disruption":"none|connection-drop|reboot|replacement|data-loss",
 *            "decision":"do|wait|hold","message",
 *            "fields":[{"path","before","after","sensitive","unknown","forces_replacement","held_back",
 *                       "unread","op":"+|~|-"}],
 *            "calls":[{"operation","input"}]}
 *           held_back: the action is done without it, it waits for a person or a window. unread: of
 *           a file that is not in force, and no look has read it: AWS may have it. What will
 *           change in one resource only because of another's action has the reason Follows, no id
 *           and no calls yet.
 * ENTRY     {"at","what":"drift|closed|action|observed|config|hold|order","address","detail":{...}}
 */
struct control_api {
	void *self;
	/* STACK, or {"format":1,"stacks":[STACK]} when there are several and none was named. */
	control_endpoint_fn status;
	/* params.address.
	 * {"format":1,"resource":{RESOURCE...,"desired","observed","desired_tags","tags","differences":
	 * [{"path","desired","observed","type"}],"undeclared":[...],"remarks":[TEXT],
	 * "depends_on":[ADDRESS],
	 * "required_by":[ADDRESS],"actions":[ACTION],"holds":[{"id","change","disruption","reason","state",
	 * "who"}],
	 * "place":{"file","line"},"blind":null|{"kind","message","remedy","since"}},
	 * "history":[ENTRY]} */
	control_endpoint_fn resource;
	/* params.address, limit. {"format":1,"address","now":[TEXT],"story":[{"at","what","text",
	 * "detail"}],"trouble"?: why history could not be asked}: sentences, the story oldest first
	 * (control/why.h). */
	control_endpoint_fn why;
	/* {"format":1,"stack","checked_at","age_ms","complete","actions":[ACTION],
	 * "counts":{"create","update","replace","delete","held","waiting"}} */
	control_endpoint_fn plan;
	/* params.text (required): a whole file, at most what fits into a body; params.file: its
	 * name, for the findings; params.files: {path: text} of what it includes, the path as seen
	 * from params.file. The same for the file as if it were in force, with "findings"
	 * (warnings);
	 * {"format":1,"ok":false,"findings":[...]} when it has errors. Nothing is changed, and no
	 * other file is read: an include that was not sent is an error, sources are not compared
	 * (core/foresee.h). */
	control_endpoint_fn foresee;
	/* {"format":1,"stack","nodes":[RESOURCE],"references":[{"from","to"}],
	 * "flow":[{"from","to","ports"?:["443",...]}]}; ends of flow are addresses, "clients" or
	 * "outside" (core/graph.h). */
	control_endpoint_fn graph;
	/* params.address optional. {"format":1,"differences":[{"address","path",
	 * "type":"changed|missing|foreign|undeclared|orphan","desired","observed"}]} */
	control_endpoint_fn diff;
	/* params.address. The edit by which what AWS has becomes what is wanted:
	 * {"format":1,"address",
	 * "sync","file","line","missing":bool,"edits":[{"field","value","file","line"}],
	 * "left":["field that cannot be written", ...]}. Nothing is changed. */
	control_endpoint_fn accept;
	/* params.target: an address, which need not be in the file; params.id: what AWS calls a
	 * thing, or its name. What the file would say of it:
	 * {"format":1,"address","layer","kind","id","declared":bool,"held":bool,"fields":{...},
	 * "left":["field that AWS does not show and the file has to say"],"stack"?,"resource"?: of
	 * its tags}. Nothing is changed; AWS is asked. */
	control_endpoint_fn adopt;
	/* params.since_ms, limit. {"format":1,"unknown": how many resources were not looked at yet,
	 * "drifts":[{"id","address","field","type","desired",
	 * "observed","opened_at","closed_at","how","held"?:true}]}: in the order of
	 * control/urgency.h */
	control_endpoint_fn drift;
	/* params.since_ms, until_ms, address, limit. {"format":1,"entries":[ENTRY]}, newest first.
	 * Details: drift {field,type,desired,observed,drift_id}; closed {field,how}; action
	 * {operation,change,reason,outcome,
	 * code,message,request_id,result_id,dur_ms,attempts,before,after}; config {version,file};
	 * hold {change,reason,state,who,why};
	 * order {sort,field,reason,who,until_ms,ended} */
	control_endpoint_fn history;
	/* params.after: the cursor of an earlier answer (none: all that is kept, or the last
	 * `limit`); params.wait: answer when there is something, or with nothing after 25 s.
	 * {"format":1,"cursor","gap":TEXT|null,"events":[EVENT]}, oldest first (control/event.h).
	 */
	control_endpoint_fn events;
	/* params.at_ms (or now), address (or a layer) optional. Each resource's last observation by
	 * then: {"format":1,"stack","at","resources":[{"address","kind","id","sync","health",
	 * "reason","seen_at","state"}]}; state is null where it was not in AWS. */
	control_endpoint_fn state;
	/* params.limit: the versions of the file that were in force, newest first; with
	 * params.version or at_ms the last such one, whole:
	 * {"format":1,"versions":[{"version","file","at","document"?}]}. The document is the file
	 * with its includes and variables; secrets in it are "(secret)". */
	control_endpoint_fn config;
	/* params.target: "" or NULL (everything), a layer, an address; params.wait: answer when the
	 * pass has ended; params.thorough: look also for what is looked for rarely.
	 * {"format":1,"started":[LAYER],"done":bool} */
	control_endpoint_fn sync;
	/* {"format":1,"ok","version","findings":[{"file","line","column","severity","message","remedy"}]}
	 */
	control_endpoint_fn reload;
	/* params.target (required): a hold's id, an address or a layer; params.reason.
	 * {"format":1,"approved":[{"id","address", "change"}]}; who it was is exchange->uid. */
	control_endpoint_fn approve;
	/* The same with "rejected". */
	control_endpoint_fn reject;
	/* params.target: "" or NULL (everything), a layer, layer.kind, an address; for_ms, reason.
	 * {"format":1,"order":ORDER}; ORDER is
	 * {"order_id","sort":"pause|ignore|protect|brake|release","target","field"?,
	 * "reason"?,"who","at","until":null|TIME}. */
	control_endpoint_fn pause;
	/* params.target as of the order; params.field ends an ignore. {"format":1,"ended":[ORDER]}
	 */
	control_endpoint_fn resume;
	/* params.target (an address) and params.field, both required; for_ms, reason. As pause. */
	control_endpoint_fn ignore;
	/* params.target (an address, required), reason: neither deleted nor replaced from now on,
	 * approved or not. As pause. */
	control_endpoint_fn protect;
	/* params.target. As resume. */
	control_endpoint_fn unprotect;
	/* params.target: "" or NULL (everything), a layer, an address; for_ms (an hour), reason:
	 * what the daemon stopped by itself goes on. As resume. */
	control_endpoint_fn release;
	/* {"format":1,"orders":[ORDER]}: those in force. */
	control_endpoint_fn orders;
	/* HTML (page.h): everything at a glance; asked over TCP only. */
	control_endpoint_fn page;
	/* HTML: every resource, as one table. */
	control_endpoint_fn listing;
	/* HTML: params.address, what is wanted beside what is there, and its history. */
	control_endpoint_fn story;
	/* Text: 200 "ok" while the loop turns. */
	control_endpoint_fn healthz;
	/* Text: 200 when every layer has been looked at once and the store is there, else 503 and
	 * why. */
	control_endpoint_fn readyz;
	/* Prometheus text format. */
	control_endpoint_fn metrics;
};

/* A backend for control_new() over the API; `api` is borrowed. */
struct control_backend routes_backend(const struct control_api *api);
