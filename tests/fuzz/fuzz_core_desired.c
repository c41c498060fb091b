// Any bytes as a desired-state file, through the kind tables and models: resources or findings.
#include "core/desired.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_options options = {.text = (const char *)data, .text_bytes = size};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("/nonexistent/fuzz.yaml", &options, &findings);
	// Either resources or an error that says why not.
	if ((desired != NULL) != (findings.error_count == 0))
		abort();
	for (size_t i = 0; desired && i < desired->count; i++)
		if (desired_find(desired, desired->wanted[i].address) != &desired->wanted[i] ||
			!json_is_object(desired->wanted[i].desired))
			abort();
	desired_free(desired);
	struct buf out;
	buf_init(&out, 0);
	findings_print(&findings, &out);
	buf_done(&out);
	findings_done(&findings);
	return 0;
}
