// An intrusive, circular, doubly linked list. A node that is in no list points at itself.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *node)
{
	node->prev = node->next = node;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Takes the node out and leaves it pointing at itself; harmless when it is in no list. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	from->prev->next = to;
	to->prev->next = from->next;
	to->prev = from->prev;
	list_init(from);
}

#define LIST_ITEM(node, type, member) CONTAINER_OF(node, type, member)

/* The body may remove `it` (and only it) from the list. */
#define list_for_each(it, head, member)                                                            \
	for (__typeof__(it) it##_next =                                                            \
			((it) = CONTAINER_OF((head)->next, __typeof__(*it), member),               \
			CONTAINER_OF((it)->member.next, __typeof__(*it), member));                 \
		&(it)->member != (head); (it) = it##_next,                                         \
			    it##_next = CONTAINER_OF((it)->member.next, __typeof__(*it), member))
