/*
 * The Maglev yardstick: lookup3 over the four words of an IPv4 client's tuple, modulo the table's size, and one load.
 *
 *   maglev TABLE TUPLES OPERATIONS FLOWS
 */
#include "bench.h"

struct tuple {
	uint32_t source;
	uint32_t destination;
	uint32_t ports;
	uint32_t protocol;
};

#define SEED 12345

static inline uint32_t rotate(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

#define MIX(x, y, z, bits) (x -= z, x ^= rotate(z, bits), z += y)
#define FINISH(x, y, bits) (x ^= y, x -= rotate(y, bits))

static inline uint32_t hash(const struct tuple *tuple)
{
	uint32_t a, b, c;

	a = b = c = 0xdeadbeef + 16 + SEED;
	a += tuple->source;
	b += tuple->destination;
	c += tuple->ports;
	MIX(a, b, c, 4);
	MIX(b, c, a, 6);
	MIX(c, a, b, 8);
	MIX(a, b, c, 16);
	MIX(b, c, a, 19);
	MIX(c, a, b, 4);
	a += tuple->protocol;
	FINISH(c, b, 14);
	FINISH(a, c, 11);
	FINISH(b, a, 25);
	FINISH(c, b, 16);
	FINISH(a, c, 4);
	FINISH(b, a, 14);
	FINISH(c, b, 24);
	return c;
}

/* A prime that the compiler knows, as a service's table size would be in a program built for it. */
#define SLOTS 16381

int main(int argc, char **argv)
{
	uint32_t slot_count, tuple_count;
	const uint32_t *slots;
	const struct tuple *tuples;
	uint64_t operations, sum = 0;
	uint32_t mask;
	double start;

	if (argc != 5)
		return 2;
	slots = read_table(argv[1], sizeof(*slots), &slot_count);
	tuples = read_table(argv[2], sizeof(*tuples), &tuple_count);
	operations = strtoull(argv[3], NULL, 10);
	mask = strtoul(argv[4], NULL, 10) - 1;
	if (slot_count != SLOTS || tuple_count <= mask)
		return 2;
	for (uint32_t index = 0; index < slot_count; index++)
		sum += slots[index];
	sum = 0;
	start = nanoseconds();
	for (uint64_t index = 0; index < operations; index++)
		sum += slots[hash(&tuples[index & mask]) % SLOTS];
	report(start, operations, sum);
	return 0;
}
