// Any bytes as a desired-state file: findings or a tree, never a crash, never long.
#include "config/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const vars[] = {"a=1", "name=x${var.a}", NULL};
	struct tree_options options = {
		.text = (const char *)data, .text_bytes = size, .vars = size % 2 ? vars : NULL};
	struct findings findings;
	findings_init(&findings);
	// A folder that is not there: whatever the text includes, no file is read.
	struct tree *tree = tree_load("/nonexistent/fuzz.yaml", &options, &findings);
	if (findings.error_count == 0) {
		if (!tree_root(tree))
			abort();
		json_t *json = node_json(tree_root(tree));
		json_decref(json);
	}
	tree_free(tree);
	struct buf out;
	buf_init(&out, 0);
	findings_sort(&findings);
	findings_print(&findings, &out);
	json_decref(findings_json(&findings));
	buf_done(&out);
	findings_done(&findings);
	return 0;
}
