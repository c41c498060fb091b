#include "tests/sim/dice.h"

struct random dice;

int RAND_bytes(unsigned char *bytes, int count);
int RAND_bytes(unsigned char *bytes, int count)
{
	for (int i = 0; i < count; i++)
		bytes[i] = (unsigned char)random_next(&dice);
	return 1;
}
