// A kind is a table: what a sort of AWS resource is, how it is looked at and how it is changed.
//
// The core reads these tables and knows no kind by name. Where a kind needs something that no word
// here says, add the word, not a branch. Everything about types, limits, enums and wire names comes
// from AWS's own models (aws/model.h); a row says only what the model cannot.
//
// Templates. Calls take their input from JSON text written with ARGS(...), in AWS's member names,
// in which a string that begins with '@' stands for a value:
//   @id              the resource's AWS id              @value / @old  a field's desired / observed
//   value
//   @desired.X       desired JSON at a path             @observed.X    observed (projected) JSON
//   @either.X        desired, or where the file says nothing of that member, observed
//   @item.X          the item that is added, removed or changed (members as desired or observed)
//   @old_item.X      the observed side of a changed item
//   @items           all items of a batch, each rendered through the call's `item` template
//   @added @removed  what a set gained and lost
//   @found.X         what the call's `find` came upon; @found_all: a list of all of it
//   @ids             ids of a join or batch             @token         the client token of this
//   call, a UUID; @token_word the same without '-'
//   @whole           a structure's desired value over its observed one, member by member, cut to
//   what the field's shape knows: for calls that replace what they are given as a whole
//   @tags            all tags to set, in the form of the kind's tagging
//   @all_tags        those and all others that the resource bears, but those that left the file
//   @tag_keys        keys of tags to remove             @old_tags  the same as [{Key}]
//   @pairs.X       a FIELD_PAIRS as AWS's list
//   @changed         those pairs that differ            @each          what a read is made for
//   @tag_type @stack @address @name @region @account @partition @arn
// "@X!=text": X, unless it is that text, which counts as absent ("@region!=us-east-1").
// "@{desired.X}" inside a longer text stands for a scalar: "service/@{desired.Cluster}/web"; when
// one of them is absent, the text is. A member whose value is absent is left out. "@!X" instead of
// "@X": the object around it is left out when X is absent or an empty list (lists then drop it); at
// the top the whole call is left out. An object that held nothing else goes with it.
//
// {"@if": "@X", "@then": A, "@else": B} is A when X is there and not false, else B; with "@in":
// LIST, A when X is one of its texts. A branch that is not written is an absent value.
//
// Paths: "State", "CidrBlockState.State", "Attachments.0.VpcId", "Groups[].GroupId" (a list of
// all), "Associations[Main=true].SubnetId" (the first item that matches).
#pragma once

#include "base/err.h"
#include "base/js.h"
#include "config/tree.h"
#include <stdbool.h>
#include <stdint.h>

/* JSON text of a template, written as JSON. */
#define ARGS(...) #__VA_ARGS__

struct advice;

enum disruption {
	DISRUPTS_NONE,
	DISRUPTS_CONNECTIONS,
	DISRUPTS_REBOOT,
	DISRUPTS_REPLACEMENT,
	DISRUPTS_DATA_LOSS,
};

/* A read that a call needs first; the first value at `pick` in its answer is @found. */
struct find {
	const char *operation;
	const char *args;
	const char *pick; // "RouteTables[].Associations[][SubnetId=@item.SubnetId]"
};

enum call_flags {
	CALL_BATCH = 1,       // one call takes many items: @items, @ids
	CALL_MERGE = 2,       // calls of the same operation for several fields become one
	CALL_REPEATABLE = 4,  // harmless when it runs twice
	CALL_NEEDS_FOUND = 8, // without @found there is nothing to do
	/* The input is the whole resource: what the file sets, and what it does not set as
	 * observed, as far as the operation takes it; `args` on top. For calls that overwrite
	 * (PutMetricAlarm). Fields with such a call share one. */
	CALL_WHOLE = 16,
	/* A create call whose thing takes no further call until it is ready: the fields that are
	 * set after creation wait until a look shows it so. */
	CALL_SLOW = 32,
	/* With CALL_NEEDS_FOUND: again and again until nothing is found, at most 100 times. */
	CALL_WHILE_FOUND = 64,
	/* A create call that makes another one though one of its key is there (a revision) ... */
	CALL_ADDS = 128,
	/* ... and one of a kind without a key that AWS refuses then (its address block is taken).
	 * See kind_is_single(). */
	CALL_SINGLE = 256
};

/* Items to pass over or to call broken: the value at `path` matches `glob` ("vpce-*"; "@observed.X"
 * is replaced first). An absent value matches only the glob "", and "!glob" what the glob does not.
 */
struct match_row {
	const char *path, *glob;
};

struct call {
	const char *operation; // NULL: there is none
	const char *args;
	const char *item; // CALL_BATCH: how one item looks in @items; NULL: @item itself
	struct find find;
	const char *else_operation; // when nothing was found
	const char *else_args;
	/* Path of a list in the scope: the call runs for each value, as @item; CALL_BATCH: for many
	 * of them at once. */
	const char *each;
	/* Only then the call is made. Teardown and remove: of what was observed; what no call
	 * deletes is left. Updates and unsets of a field: of its scope ("value", "old"). */
	struct match_row when;
	/* Path of [{Error:{Code,Message}}] in a 200 answer ("Unsuccessful"): one is a refusal. Such
	 * a call is about one thing, so the first says it all. */
	const char *failures;
	unsigned flags;
	int most; // CALL_BATCH: items a call; 0: 50
	/* CALL_BATCH, of a field: one call for all resources of the kind that are to be changed in
	 * that field and have the same observed value at this path (their listener). @items are
	 * then {"id", "desired", "observed"}, ours first. For what has to change at once. */
	const char *shared_by;
};

enum field_type {
	FIELD_MODEL, // as AWS's model has it: scalar, structure, list, map
	FIELD_REF,   // the name of a resource of kind `ref`; its value is that one's `ref_attr`
	FIELD_REFS,  // a list of them, compared as a set
	FIELD_ITEMS, // a set of items, each with calls of its own, found by `key`
	FIELD_FLAG,  // a boolean of ours that is never sent ("exclusive")
	/* A map of texts in the file, which AWS writes as a list of {pair_key, pair_value}:
	 * attributes, settings, parameters. Only keys that the file names are compared. Desired and
	 * observed JSON hold it as an object. */
	FIELD_PAIRS,
	/* A text that is kept elsewhere and never stands in the file or in the store: see `form`,
	 * `mark` and core/source.h. Desired JSON has its source, once resolved its mark; calls take
	 * it as {"@source": "Member"}, which is replaced by the value when the call is sent. Of
	 * fields of one member the first one says how it is marked. */
	FIELD_SOURCE,
};

/* FIELD_SOURCE: how it is written ... */
enum source_form {
	SOURCE_REFERRED, // {env: NAME} or {file: /path}
	SOURCE_PATH,     // /path: of a file on the daemon's host
	SOURCE_MADE,     // {password_length: 32, ...}: made up once (core/password.h)
};

/* ... and what of it is compared with what AWS shows. */
enum source_mark {
	MARKED_NOT,    // nothing: it is sent with the create call and with its neighbours
	MARKED_KEYED,  // hex HMAC-SHA-256 under the stack's key
	MARKED_SERIAL, // "0a:1b": serial number of the first PEM certificate in it
};

enum field_flags {
	FIELD_REQUIRED = 1,
	FIELD_CREATE_ONLY = 2,   // another value means another resource
	FIELD_COMPUTED = 4,      // AWS's; may be referred to, never set
	FIELD_WRITE_ONLY = 8,    // cannot be read back
	FIELD_SECRET = 16,       // value never stored, logged or shown
	FIELD_AFTER_CREATE = 32, // the create call does not take it: its update call runs after
	FIELD_NAME = 64,         // AWS's name of the resource: "<stack>-<name>" when unset
	FIELD_ONE_OF = 128, // exactly one of the fields so marked (in the same table) must be set
	FIELD_QUIET = 256,  // not recorded when unset: AWS changes it by itself
	/* Advice (core/advice.h): subnets of one availability zone only are told. */
	FIELD_TWO_ZONES = 512,
	/* A policy document that grants nothing by itself and only narrows what others grant
	 * (an endpoint's), or a reference to one (a role's boundary): no advice about it. */
	FIELD_NARROWS = 1024,
	/* FIELD_COMPUTED, of a kind whose every change, by whomever, is a new revision, written
	 * whole and with its tags: it brings another value, and who refers to it waits while the
	 * resource differs from the file (core/moving.h). */
	FIELD_MOVES = 2048,
	/* From nothing to something it interrupts nothing: who could be interrupted was not there
	 * (an internet gateway's network). */
	FIELD_JOINS = 4096,
};

enum compare {
	COMPARE_EXACT,
	COMPARE_SET, // lists without order
	COMPARE_NOCASE,
	COMPARE_NUMBER,   // "443" equals 443
	COMPARE_CIDR,     // addresses in canonical form
	COMPARE_JSON,     // JSON text, or structure: equal as values
	COMPARE_POLICY,   // IAM policy documents: semantically
	COMPARE_ARN_NAME, // an ARN equals the name at its end
	COMPARE_VERSION,  // "15" holds "15.4"; a newer observed one is no drift
	COMPARE_SUBSET,   // maps and structures: declared members only
	COMPARE_AT_LEAST, // numbers: more is no drift (storage that grows by itself)
	/* Structures: declared members only; lists of structures without order, lists of values in
	 * order (container definitions). */
	COMPARE_LOOSE,
	/* The same, and what only AWS shows is a difference too, but for an ID that it gives:
	 * documents that AWS keeps as they were sent, in which a member more does more. */
	COMPARE_WHOLE,
};

/* Whose the items of a FIELD_ITEMS are that the file does not set, while a resource of kind `of`
 * refers to ours: that one's service puts them there, and takes them away (core/claim.h). */
struct item_claim {
	const char *of;    // "ecs_service"; NULL: no claim
	const char *by;    // path in an item, to a text: "Target.Id"
	const char *among; // member that a follow `for_claims` brings: the texts that are its
	const struct match_row *when; // what AWS shows of the resource; NULL-path end
};

struct field {
	const char *name;   // in the file, snake_case; NULL ends a table
	const char *member; // in desired and observed JSON, AWS's name; NULL: from the create
			    // call's input
	enum field_type type;
	unsigned flags;
	enum compare compare;
	enum disruption disrupts; // of a change
	const char *shape; // "Operation:Path.In.Its.Input" that types it; NULL: the create call's
	const char *observed; // path in what was observed; NULL: member; "A|B": the first that is;
			      // "A?": whether it is there, a boolean
	/* Of an observed text, only from here on: "targetgroup/" of an ARN; "app/|net/": from the
	 * one that comes first. */
	const char *starts_at;
	const char *after_last; // ... only what follows the last of these: ":" of an ARN
	const char *absent;     // JSON text: what it means that AWS shows nothing ("false", "[]")
	const char *pair_key, *pair_value; // FIELD_PAIRS: "Key", "Value"; FIELD_ITEMS: members of
					   // an item that may be written "key: value"
	/* A kind. While one of its resources refers to ours, the field is sent at creation only: a
	 * service's desired count belongs to its scaling_target. */
	const char *yields_to;
	/* Path in the item of the values that AWS tried and gave up (the task definition of a
	 * deployment that was rolled back): one of those is held, not written again. */
	const char *refused;
	/* Is a change of it one that a person has to approve, though AWS makes it in place: a major
	 * version, and what goes with it? Over all that is wanted and observed. NULL: never. */
	bool (*is_grave)(const json_t *want, const json_t *observed);
	/* Observed beside it (path and glob, in what was projected): the value is somebody else's
	 * then, and no difference. A secret that AWS rotates. */
	struct match_row unless;
	enum source_form form;  // FIELD_SOURCE
	enum source_mark mark;  // FIELD_SOURCE
	const char *instead_of; // names that people write for it: "secret_string value"
	const char *ref;        // FIELD_REF, FIELD_REFS: the kind
	const char *ref_attr;   // member of its observed JSON; NULL: its id
	const char *sets;   // "ResourceType=VPC": another member that follows from this field's use
	const char *preset; // JSON text: the value when the file says nothing (AWS demands one)
	const char *fresh;  // JSON text: the value right after creation; saves a call
	/* Space-separated: the values that AWS documents and its model does not list. */
	const char *values;
	/* Members, space-separated, that AWS refuses beside this one: the file may not set both,
	 * and a CALL_WHOLE does not carry on what was observed of them. */
	const char *excludes;
	/* What good practice wants: JSON text, of structures the members that matter; and the rule
	 * of core/advice.h that is told when the file says otherwise, or nothing. */
	const char *advised, *advice;
	const char *expand;   // "{region}{value}": a short form in the file ("a") ...
	const char *expanded; // ... unless it matches this glob ("*-*")
	/* Parts of the observed value that no call changes, by path from the resource's JSON, while
	 * they match the glob ("": while absent): another desired value there means another
	 * resource. {"EncryptionAtRestOptions.Enabled", "true"}: may be switched on, not off. */
	const struct match_row *fixed;
	/* Parts of a structure that AWS takes and never shows, by path from its own JSON;
	 * NULL-ended: sent with it, not compared. */
	const char *const *unshown;
	/* Puts a @whole in order, in place, before it is sent: without what AWS refuses beside what
	 * `desired` says. */
	void (*tidy)(json_t *whole, const json_t *desired);
	struct call update; // scalars, structures, sets
	struct call off;    // booleans: instead of `update` when the value is false
	struct call
		unset; // runs before `update` when there is an observed value to take away first
	/* FIELD_MODEL: rows of FIELD_REF (NULL-named end). In any structure of the value that has
	 * a row's `member`, the file may write `name: <name of a ref>` instead of the member. */
	const struct field *refs;
	// -- FIELD_ITEMS
	const struct field *items;       // the members of an item; NULL-named end
	const char *const *key;          // members (paths) that tell items apart, NULL-ended
	const char *scalar;              // items are written as plain values of this member
	const struct match_row *skip;    // observed items that are not ours to hold (NULL-path end)
	const struct match_row *broken;  // observed items that count as different though equal
	struct call add, remove, change; // change.operation NULL: remove and add
	struct item_claim claim;
	const char *exclusive; // a FIELD_FLAG: when false, foreign items stay
	/* Brings an item of either side, or a structure or list of FIELD_MODEL, into one form, in
	 * place. On the file's side a text may still be a reference ({"@ref", ...}). */
	void (*canon)(json_t *item);
	const char *summary; // one line for explain
};

/* A read of a whole kind, page by page. `args` may use @stack and, in joins, @ids.
 *
 * Where AWS has no read of the whole kind, or an account holds far more of it than we do, the read
 * is made for our resources: `each` and `batch` are texts over the scope of each of them (@desired
 * is then what the file says or, for orphans, what was observed last). One call for each distinct
 * value of `each` (a parent: its load balancer), as @each, also put into the items as member
 * "each" (of two words, @each_head is the first and @each_rest the other); in it up to `most`
 * values of `batch` (names), as @ids. A resource without such a value
 * yet has nothing to be read. "Not found" is then an empty answer. */
struct list_call {
	const char *operation;
	const char *args;
	const char *
		items; // path of the list (or of the one item) in the answer: "Vpcs"; "": all of it
	const char *service; // NULL: the kind's
	const char *each, *batch;
	int most; // values of `batch` a call; 0: 100
	/* Read by name: AWS's code for "it is there, and of what you ask it has nothing". */
	const char *bare;
};

/* A second bulk read, whose rows belong to listed resources: rules to their groups. */
struct join {
	struct list_call list;
	const char *by;    // member of a row that holds the resource's id, or a text over the row:
			   // "arn:@{partition}:kms:@{region}:@{account}:key/@{item.TargetKeyId}"
	const char *into;  // member of the listed item that gets the rows, as a list
	int most_ids;      // ids a call
	const char *field; // NULL: always; else only when a file sets this field ("a|b": or that)
};

/* A read a resource, only where AWS has no bulk call. */
struct follow {
	const char *operation;
	/* With @id, @each, @item.X (a member of the listed item) and, of kinds with a `key`,
	 * @desired.X. */
	const char *args;
	const char *from;    // path in the answer
	const char *into;    // member of the listed item; lists of several follow-ups are joined
	const char *field;   // NULL: always; else only when the file sets this field
	const char *service; // NULL: the kind's
	/* The list is only a hint (the tagging API lags, and shows what is long gone): what this
	 * read does not find is not there, and what it finds is there though it is not listed. */
	bool is_proof;
	/* Only while there are items that are not known to be claimed (struct item_claim). */
	bool for_claims;
	/* A path in what the file says, and in the item: only when one of the values there is not
	 * among those that the follow-ups before this one, into the same member, have brought. */
	const char *lacking;
	/* Not for listed items that match: they cannot be read (a subscription before it is
	 * confirmed). Fields that are observed under `into` are then not compared. */
	struct match_row unless;
	/* With `field`, a list: where the file does not set it, it is read in a thorough look
	 * (stack.h) all the same, and as long as the last one found something. What somebody adds
	 * there is seen so, at the price of a call now and then. */
	bool rarely;
};

enum { KIND_MOST_JOINS = 3, KIND_MOST_FOLLOWS = 10 };

/* What the list shows under a resource of ours, and nobody declared: somebody's addition, which is
 * shown and held (core/stray.h). */
struct strays {
	const char *under; // the field that refers to the parent ("listener"); NULL: not looked for
	struct match_row spared; // items that come with the parent: {"IsDefault", "true"}
	/* `list` has an `each`: it is made for each of our parents, also those under which the file
	 * declares nothing. Else additions are seen where the list shows them anyway. */
	bool by_parent;
	/* ... in a thorough look only (stack.h), since it would take a call for each parent; what
	 * is found is then looked at in every pass. */
	bool rarely;
	struct match_row only; // ... of parents whose observed JSON matches
};

struct observe {
	struct list_call list; // of what carries our stack tag
	struct strays strays;
	/* Of lists by name whose names are the world's: AWS denies us what is another account's in
	 * the same words as what we may not read. Then this read, with @each, brings the names that
	 * are ours: what is not among them is not there (and its name is not to be had). */
	struct list_call own;
	/* Reads one by @id or @key, when the list does not show what is known (its `args` has @id)
	 * or wanted (@key); operation NULL: the list's own, with `by_id`. For lists that lag. */
	struct list_call confirm;
	/* What the list shows may be minutes old (ListSecrets): what differs in it is read by
	 * `confirm` before anything is done about it. */
	bool lags;
	const char *by_id; // args that make the same operation read one id: {"VpcIds": ["@id"]}
	struct join joins[KIND_MOST_JOINS];
	struct follow follows[KIND_MOST_FOLLOWS];
	/* For kinds whose tags are reads of their own: the types, separated by blanks, by which
	 * the tagging API knows them ("rds:pg"). The tags of the whole stack then come in one read
	 * (tagread.h), and only what that shows otherwise than it should be, or not at all, is read
	 * by itself. A `list` of that API is that read, too. */
	const char *tag_types;
	/* Paths in an item, or texts over it ("@{item.logGroupName}/@{item.filterName}"). */
	const char *id;
	const char *arn; // or NULL; its text also knows @{partition}, @{region}, @{account}
	/* The natural key, for kinds whose list is not filtered by tag: which of the listed items
	 * is ours. `key` is a text over a resource's scope ("@{desired.Name}"), `item_key` the same
	 * in an item (NULL: the id). Where nothing answers the id at creation, it is the key. */
	const char *key, *item_key;
	/* Adds members that no path can say to a listed item with what was joined, in place. */
	void (*derive)(json_t *item);
	const char *const *derived; // their names; NULL-ended, or NULL
	/* Members of a listed item that it reads and that no other word here names. */
	const char *const *derived_from; // NULL-ended, or NULL
	const char *const
		*absent; // further AWS codes that mean "does not exist"; NULL-ended, or NULL
};

/* States, space-separated, any case. A state in no list counts as ready, and is shown. */
struct states {
	const char *path; // NULL: what exists is ready
	const char *pending, *failed, *gone;
	const char *past;    // those of `gone` that are only history: listed, but no longer there
	const char *message; // path of AWS's reason for a failure
	/* Scheduled to be deleted, and until then it can be brought back by the kind's `restore`:
	 * what is declared is, what is not counts as gone. */
	struct match_row restorable;
	const char
		*waits_each; // path of a list: `waits` is said of each of its items, as @{each.X}
	const char *waits;   // text over the item for a person, while pending: "create @{item...}"
};

/* What makes a resource unwell though it is in order: DeliverLogsStatus=FAILED. */
struct condition {
	const char *path, *glob; // glob NULL: whenever it differs from `unlike`, and both are there
	const char *reason;      // CamelCase
	const char *message;     // path of AWS's words, or a text over the item; or NULL
	const char *unlike;      // path
	bool is_progress;        // on its way, not unwell
};

/* How a service writes tags: [{"Key","Value"}], [{"key","value"}], [{"TagKey","TagValue"}],
 * {"name": "value"}. */
enum tag_form { TAGS_KEY_VALUE, TAGS_LOWER_CASE, TAGS_TAG_KEY, TAGS_MAP };

/* How the tags of a kind are written. */
struct tagging {
	const char *create;   // merged into the create call's input
	const char *observed; // path of the tags in an item, in `form`
	struct call add, remove;
	enum tag_form form;
};

/* What a person has to do about an error of AWS that no further try of ours ends: said beside it.
 */
struct remedy {
	const char *code; // a glob
	const char *text; // "empty the bucket"
};

/* What stands in the way when AWS refuses a deletion with such a code: a read that is made only
 * then, and how each thing in the list at its `pick` is told. */
struct blockers {
	const char *code; // a glob
	struct find find;
	const char *text; // over each: "@{item.NetworkInterfaceId}"
};

struct kind {
	const char *name;              // "subnet"
	const char *layer;             // "network"
	const char *service;           // "ec2"
	const char *summary;           // one line
	const char *tag_type;          // EC2: for TagSpecifications
	const struct tagging *tagging; // NULL: the kind cannot carry tags
	const struct field *fields;
	struct observe observe;
	struct states states;
	const struct condition *conditions; // NULL-path end; or NULL
	struct call create;
	const char *created_id; // path of the id in the create call's answer; NULL: its key
	struct call update;     // of every mutable field that has none of its own
	/* Another way to make one, for resources whose file sets the member `other_for`
	 * (ImportCertificate instead of RequestCertificate). Fields for it alone name their shape.
	 */
	struct call create_other;
	const char *other_for;
	const struct call *restore;  // of states.restorable; in order; operation NULL ends; or NULL
	const struct call *teardown; // before `remove`, in order; operation NULL ends; or NULL
	struct call remove;
	/* Kinds whose resources, where they share a reference with ours or are of the account, must
	 * be there before us and leave after us (a NAT gateway needs the VPC's internet gateway).
	 * NULL-ended, or NULL. */
	const char *const *after;
	bool is_of_account; // there for all that the account has, and refers to nothing
	/* Codes of AWS errors that only say 'not yet': retried while something referred to is young
	 * (eventual consistency) or, on delete, while dependants linger. NULL-ended, or NULL. */
	const char *const *not_yet;
	const struct remedy *remedies;   // NULL-code end; or NULL
	const struct blockers *blockers; // NULL: nothing can be asked
	/* Actions of IAM that AWS wants of the caller beside those of the table's calls, separated
	 * by blanks: "iam:CreateServiceLinkedRole"; iam:PassRole of those that hand a role to a
	 * service. NULL: none. */
	const char *needs;
	/* For the picture of who talks to whom (core/graph.h). Members whose items say who is let
	 * in to, and out of, whatever refers to this: the rules of a security group. */
	const char *admits, *lets_out;
	bool leads_out; // a way out of the network (a NAT gateway, an internet gateway)
	/* What a person does when it was deleted in AWS, to have back what it held. Where this is
	 * said, an empty one in its place waits for approval. NULL: it is created again. */
	const char *restored_by;
	bool holds_data;    // deleting or replacing it can lose data: held whatever the policy says
	bool is_whole_anew; // with holds_data: has none itself, and another one is what it was
	/* A replacement cannot stand beside the old one: it takes the same place (a port, a block
	 * of addresses). That two of one name cannot is known from FIELD_NAME. */
	bool delete_first;
	/* What its deletion interrupts, beyond losing data: DISRUPTS_CONNECTIONS where AWS lets it
	 * go while others live from it (a NAT gateway, a role), none where AWS refuses that or
	 * nobody does (a subnet, an alarm). */
	enum disruption ends;
	/* What already stands under our name without our tags is taken as ours (log groups, which
	 * services make by themselves). Otherwise that waits for approval. */
	bool adopts;
	/* Brings what was projected into the form of the file, in place. NULL: it is. */
	void (*canon)(json_t *observed);
	int64_t settle_ms; // how long a state may stay pending before it counts as stuck; 0: 10 min
	/* Checks that need more than one field; desired JSON is in AWS's member structure. Adds
	 * findings at places of `node`'s members. NULL: none. */
	void (*check)(const json_t *desired, const struct node *node, struct findings *findings);
	/* Advice (core/advice.h) that takes more than a field's words. NULL: none. */
	void (*advise)(struct advice *advice);
};

/* What a layer's own reconciler is, beyond its kinds. */
struct desired;
struct layer {
	const char *name;
	const char *summary;
	int64_t interval_ms; // between passes, unless the file says otherwise
	int concurrency;     // plans in progress at a time
	/* Checks over all resources of the layer (subnets inside their VPC). NULL: none. */
	void (*check)(const struct desired *desired, struct findings *findings);
};

/* Generated from the file names under reconcilers/; NULL-ended. Kinds stand in the order of layers.
 */
extern const struct kind *const all_kinds[];
extern const struct layer *const all_layers[];

/* NULL when there is none. */
const struct kind *kind_find(const char *name);
/* The kind in "network.vpc.main"; NULL when there is none of that name. */
const struct kind *kind_of_address(const char *address);
const struct layer *layer_find(const char *name);
/* By the file's name, or for references by the member's snake_case ("vpc_id"); NULL. */
const struct field *field_find(const struct field *fields, const char *name);
/* Does the first kind's table name the second in `after`? */
bool kind_comes_after(const struct kind *later, const struct kind *earlier);
/* What a person has to do about that error of AWS; NULL: the table does not say. */
const char *kind_remedy(const struct kind *kind, const char *code);
/* Does AWS refuse a second one beside it, or take it for the first? Where it does not, what a lost
 * create call may have made has to be looked for until no read can be too old to show it. */
bool kind_is_single(const struct kind *kind);
/* The member of a field, also where the table leaves it to the model ("cidr_block": "CidrBlock").
 * `items` is the FIELD_ITEMS that the field belongs to, or NULL at the top. Static; NULL when the
 * table is wrong (kinds_lint() says where). */
const char *field_member(
	const struct kind *kind, const struct field *items, const struct field *field);
/* The shape that types it: by its `shape`, else the create call's (inside items: the add call's)
 * input member. NULL for references (their value is a string), flags and items. */
struct shape;
const struct shape *field_shape(
	const struct kind *kind, const struct field *items, const struct field *field);
/* The call that changes a field: its own, or the kind's; NULL: none does, or it is the items'. */
const struct call *field_update(const struct kind *kind, const struct field *field);
/* The field set in `desired` that AWS refuses beside the member (see `excludes`); NULL: none. */
const struct field *field_excluder(
	const struct kind *kind, const char *member, const json_t *desired);
/* The name of a disruption class: "none", "connection-drop", "reboot", "replacement", "data-loss".
 */
const char *disruption_name(enum disruption disruption);
/* Checks every table against the models and each other: operation and member names, paths,
 * references, an update call for every mutable field. Returns the number of complaints and appends
 * them to `out`, a line each: "subnet.cidr_block: ...". */
int kinds_lint(struct buf *out);
/* The same for one table, which need not be one of all_kinds. */
int kind_lint(const struct kind *kind, struct buf *out);

/* EC2's way with tags, for all its kinds. */
extern const struct tagging ec2_tagging;
