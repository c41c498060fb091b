// Maps and lists.
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void set(struct map *map, const char *key, void *value)
{
	assert_true(map_set(map, key, value, NULL));
}

static void values_are_found_by_key_in_order_of_insertion(void **state)
{
	(void)state;
	struct map map;
	int values[100];
	char key[16];
	map_init(&map);
	assert_null(map_get(&map, "k0"));
	assert_null(map_remove(&map, "k0"));
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", (i * 37) % 100);
		set(&map, key, &values[(i * 37) % 100]);
	}
	assert_int_equal(map.count, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_ptr_equal(map_get(&map, key), &values[i]);
	}
	int at = 0;
	map_for_each (&map, entry) {
		snprintf(key, sizeof(key), "k%d", (at++ * 37) % 100);
		assert_string_equal(entry->key, key);
	}
	assert_int_equal(at, 100);
	map_done(&map);
}

static void a_second_set_replaces_and_returns_the_old_value(void **state)
{
	(void)state;
	struct map map;
	int a, b;
	void *old = &a;
	map_init(&map);
	assert_true(map_set(&map, "", &a, &old));
	assert_null(old);
	assert_true(map_set(&map, "", &b, &old));
	assert_ptr_equal(old, &a);
	assert_ptr_equal(map_get(&map, ""), &b);
	assert_int_equal(map.count, 1);
	map_done(&map);
}

static void keys_are_copied(void **state)
{
	(void)state;
	struct map map;
	char key[] = "abc";
	map_init(&map);
	set(&map, key, key);
	key[0] = 'x';
	assert_non_null(map_get(&map, "abc"));
	assert_null(map_get(&map, "xbc"));
	map_done(&map);
}

static void a_map_that_shrank_takes_new_keys_for_ever(void **state)
{
	(void)state;
	struct map map;
	char key[16];
	map_init(&map);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		set(&map, key, &map);
	}
	for (int i = 0; i < 998; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_ptr_equal(map_remove(&map, key), &map);
	}
	assert_int_equal(map.count, 2);
	for (int i = 2000; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		set(&map, key, &map);
		assert_null(map_get(&map, "absent")); // meets a free slot
	}
	assert_int_equal(map.count, 3002);
	map_done(&map);
}

static void churn_does_not_grow_the_map(void **state)
{
	(void)state;
	struct map map;
	char key[16];
	map_init(&map);
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		set(&map, key, &map);
		if (i >= 10) {
			snprintf(key, sizeof(key), "k%d", i - 10);
			assert_non_null(map_remove(&map, key));
		}
	}
	assert_int_equal(map.count, 10);
	assert_true(map.size <= 64);
	int seen = 0;
	map_for_each (&map, entry) {
		snprintf(key, sizeof(key), "k%d", 99990 + seen++);
		assert_string_equal(entry->key, key);
	}
	map_done(&map);
}

static int freed;
static void count_free(void *value)
{
	freed++;
	free(value);
}

static void every_live_value_is_freed_once(void **state)
{
	(void)state;
	struct map map;
	map_init(&map);
	set(&map, "a", malloc(1));
	set(&map, "b", malloc(1));
	set(&map, "c", malloc(1));
	free(map_remove(&map, "b"));
	freed = 0;
	map_done_with(&map, count_free);
	assert_int_equal(freed, 2);
	assert_int_equal(map.count, 0);
}

static void a_removed_key_can_be_its_own_entrys_text(void **state)
{
	(void)state;
	struct map map;
	map_init(&map);
	set(&map, "self", &map);
	assert_ptr_equal(map_remove(&map, map.entries[0].key), &map);
	map_done(&map);
}

// ---- lists

struct item {
	int id;
	struct list link;
};

static void a_list_keeps_order_and_lets_go(void **state)
{
	(void)state;
	struct list head, other;
	struct item items[5], *it;
	list_init(&head);
	list_init(&other);
	assert_true(list_is_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].id = i;
		list_append(&head, &items[i].link);
	}
	int sum = 0;
	list_for_each (it, &head, link) {
		assert_int_equal(it->id, sum++);
		if (it->id % 2)
			list_remove(&it->link); // allowed for the one at hand
	}
	assert_int_equal(sum, 5);
	list_remove(&items[1].link); // harmless a second time
	list_append(&other, &items[1].link);
	list_splice(&other, &head);
	assert_true(list_is_empty(&head));
	static const int order[] = {1, 0, 2, 4};
	int at = 0;
	list_for_each (it, &other, link)
		assert_int_equal(it->id, order[at++]);
	assert_int_equal(at, 4);
	list_splice(&other, &head); // of nothing
	assert_ptr_equal(LIST_ITEM(other.next, struct item, link), &items[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_key_in_order_of_insertion),
		cmocka_unit_test(a_second_set_replaces_and_returns_the_old_value),
		cmocka_unit_test(keys_are_copied),
		cmocka_unit_test(a_map_that_shrank_takes_new_keys_for_ever),
		cmocka_unit_test(churn_does_not_grow_the_map),
		cmocka_unit_test(every_live_value_is_freed_once),
		cmocka_unit_test(a_removed_key_can_be_its_own_entrys_text),
		cmocka_unit_test(a_list_keeps_order_and_lets_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
