// No shell: the command is split and executed. Its error output is never shown, because programs
// print secrets there; its output is zeroed.
#include "aws/credprocess.h"
#include "base/str.h"
#include "loop/proc.h"

enum { MOST_WORDS = 64, MOST_MS = 60 * 1000, MOST_OUTPUT_BYTES = 64 << 10 };

struct process_provider {
	struct provider base;
	struct task task;
	struct loop *loop;
	char **words; // owned
	struct proc proc;
};

// ---- words

void credprocess_free_words(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

/* One word from *at into `word`; false for an open quote. */
static bool read_word(const char **at, struct buf *word)
{
	const char *s = *at;
	char quote = 0;
	for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
		if (quote == '\'') {
			if (*s == '\'')
				quote = 0;
			else
				buf_addc(word, *s);
		} else if (*s == '\\' && s[1] && (!quote || s[1] == '"' || s[1] == '\\')) {
			buf_addc(word, *++s);
		} else if (*s == '"' || (*s == '\'' && !quote)) {
			quote = quote ? 0 : *s;
		} else {
			buf_addc(word, *s);
		}
	}
	*at = s;
	return !quote;
}

struct err credprocess_split(const char *command, char ***ret_words)
{
	char **words = calloc(MOST_WORDS + 1, sizeof(*words));
	size_t count = 0;
	struct err err = ERR_OK;
	const char *at = command;
	if (!words)
		return err_nomem();
	while (!err_is(&err)) {
		at += strspn(at, " \t\n");
		if (!*at)
			break;
		_cleanup_buf_ struct buf word = {0};
		buf_init(&word, 4096);
		if (count == MOST_WORDS)
			err = err_new(ERR_INVALID, "credential_process has more than %d words",
				MOST_WORDS);
		else if (!read_word(&at, &word))
			err = err_new(ERR_INVALID, "credential_process has an open quote");
		else if (word.failed)
			err = err_new(ERR_INVALID, "credential_process has a word over 4096 bytes");
		else if (!(words[count] = strdup(buf_str(&word))))
			err = err_nomem();
		else
			count++;
	}
	if (!err_is(&err) && !count)
		err = err_new(ERR_INVALID, "credential_process is empty");
	if (err_is(&err)) {
		credprocess_free_words(words);
		return err;
	}
	*ret_words = words;
	return ERR_OK;
}

// ---- the provider

static struct err read_answer(struct process_provider *self)
{
	struct proc *proc = &self->proc;
	char why[160];
	if (proc->exit_status)
		return err_new(ERR_TRANSIENT,
			"%s ended with status %d (what it printed is not shown, it may hold "
			"secrets)",
			self->words[0], proc->exit_status);
	_cleanup_json_ json_t *answer =
		js_parse(buf_str(&proc->out), proc->out.len, why, sizeof(why));
	if (!json_is_object(answer))
		return err_new(ERR_TRANSIENT, "%s printed no JSON object", self->words[0]);
	if (js_int(answer, "Version", 0) != 1)
		return err_new(ERR_TRANSIENT, "%s printed credentials of another Version than 1",
			self->words[0]);
	return credentials_from_json(&self->base.found, answer, self->words[0]);
}

static void step(struct task *task)
{
	struct process_provider *self = CONTAINER_OF(task, struct process_provider, task);
	if (!op_is_running(&self->base.op) || !op_is_finished(&self->proc.op))
		return;
	struct err err = self->proc.op.err;
	if (!err_is(&err))
		err = read_answer(self);
	if (self->proc.out.data)
		explicit_bzero(self->proc.out.data, self->proc.out.len);
	if (self->proc.errors.data)
		explicit_bzero(self->proc.errors.data, self->proc.errors.len);
	proc_done(&self->proc);
	op_finish(&self->base.op, err);
}

static void start(struct provider *provider)
{
	struct process_provider *self = CONTAINER_OF(provider, struct process_provider, base);
	proc_init(&self->proc);
	self->proc.argv = (const char *const *)self->words;
	self->proc.total_ms = MOST_MS;
	self->proc.most_output_bytes = MOST_OUTPUT_BYTES;
	proc_start(self->loop, &self->proc, &self->task);
}

static void cancel(struct provider *provider)
{
	op_cancel(&CONTAINER_OF(provider, struct process_provider, base)->proc.op);
}

static void free_it(struct provider *provider)
{
	struct process_provider *self = CONTAINER_OF(provider, struct process_provider, base);
	task_done(&self->task);
	credprocess_free_words(self->words);
	free(self);
}

struct err credprocess_new(struct loop *loop, const char *command, struct provider **ret_provider)
{
	static const struct provider_type type = {"credential_process", start, cancel, free_it};
	struct process_provider *self = calloc(1, sizeof(*self));
	if (!self)
		return err_nomem();
	struct err err = credprocess_split(command, &self->words);
	if (err_is(&err)) {
		free(self);
		return err;
	}
	self->base.type = &type;
	self->loop = loop;
	task_init(&self->task, loop, step, "credential_process");
	*ret_provider = &self->base;
	return ERR_OK;
}
