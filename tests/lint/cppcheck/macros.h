// What cppcheck has to be told of other libraries' macros.
#define json_array_foreach(array, index, value)                                                    \
	for (index = 0; (value = json_array_get(array, index)) != NULL; index++)
#define json_object_foreach(object, key, value)                                                    \
	for (key = first_key(object); key && (value = json_object_get(object, key)); key = next_key(key))
#define json_object_foreach_safe(object, next, key, value)                                         \
	for (key = first_key(object); key && (value = json_object_get(object, key)); key = next_key(next))
