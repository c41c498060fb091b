// Requests are few and the same in every look, so their whole text is the key.
#include "core/memos.h"
#include "base/str.h"

struct memo {
	struct aws_memo aws;
	bool is_used; // in this look
};

static void memo_free(void *what)
{
	struct memo *memo = what;
	aws_memo_done(&memo->aws);
	free(memo);
}

struct aws_memo *memos_get(struct map *memos, const char *operation, const json_t *input)
{
	_cleanup_free_ char *text = js_text(input);
	_cleanup_free_ char *key = text ? str_format("%s %s", operation, text) : NULL;
	struct memo *memo = key ? map_get(memos, key) : NULL;
	if (key && !memo) {
		memo = calloc(1, sizeof(*memo));
		if (!memo || !map_set(memos, key, memo, NULL)) {
			free(memo);
			return NULL;
		}
	}
	if (!memo || memo->is_used)
		return NULL;
	memo->is_used = true;
	return &memo->aws;
}

void memos_age(struct map *memos, bool is_whole)
{
	struct map kept;
	map_init(&kept);
	map_for_each (memos, entry) {
		struct memo *memo = entry->value;
		bool is_kept =
			(memo->is_used || !is_whole) && map_set(&kept, entry->key, memo, NULL);
		memo->is_used = false;
		if (!is_kept)
			memo_free(memo);
	}
	map_done(memos);
	*memos = kept;
}

void memos_done(struct map *memos)
{
	map_done_with(memos, memo_free);
}
