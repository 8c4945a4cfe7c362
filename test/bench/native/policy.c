/*
 * The policy yardstick: three lookups in an open-addressing table with 8-byte keys (the peer on protocol and port, the peer on
 * everything, everybody on protocol and port); the best by precedence, then by how much it fixes. No ranges, no prefixes.
 *
 *   policy ENTRIES QUERIES OPERATIONS FLOWS
 */
#include "bench.h"

/* As the benchmark writes them. A key of 0 is a free place: real ones have a bit set that no field uses. */
struct entry {
	uint64_t key;
	uint32_t rule;
	uint16_t order;
	uint16_t unused;
};

struct query {
	uint32_t identity;
	uint16_t port;
	uint8_t protocol;
	uint8_t unused;
};

#define CAPACITY 32768
#define USED (1ull << 39)

static struct entry table[CAPACITY];

static inline uint64_t key_of(uint32_t identity, uint8_t protocol, uint16_t port)
{
	return (uint64_t)identity | 1ull << 32 | USED | (uint64_t)protocol << 40 | (uint64_t)port << 48;
}

static inline uint32_t place_of(uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 49);
}

static void insert(const struct entry *entry)
{
	uint32_t place = place_of(entry->key);

	while (table[place].key != 0 && table[place].key != entry->key)
		place = (place + 1) & (CAPACITY - 1);
	table[place] = *entry;
}

static inline const struct entry *find(uint64_t key)
{
	uint32_t place = place_of(key);

	while (table[place].key != 0) {
		if (table[place].key == key)
			return &table[place];
		place = (place + 1) & (CAPACITY - 1);
	}
	return NULL;
}

static inline const struct entry *better(const struct entry *best, const struct entry *other)
{
	return other != NULL && (best == NULL || other->order > best->order) ? other : best;
}

static inline uint32_t verdict(const struct query *query)
{
	const struct entry *best = find(key_of(query->identity, query->protocol, query->port));

	best = better(best, find(key_of(0, query->protocol, query->port)));
	best = better(best, find(key_of(query->identity, 0, 0)));
	return best == NULL ? 0 : best->rule;
}

int main(int argc, char **argv)
{
	uint32_t entry_count, query_count;
	const struct entry *entries;
	const struct query *queries;
	uint64_t operations, sum = 0;
	uint32_t mask;
	double start;

	if (argc != 5)
		return 2;
	entries = read_table(argv[1], sizeof(*entries), &entry_count);
	queries = read_table(argv[2], sizeof(*queries), &query_count);
	operations = strtoull(argv[3], NULL, 10);
	mask = strtoul(argv[4], NULL, 10) - 1;
	for (uint32_t index = 0; index < entry_count; index++)
		insert(&entries[index]);
	for (uint32_t index = 0; index < query_count; index++)
		sum += verdict(&queries[index]);
	sum = 0;
	start = nanoseconds();
	for (uint64_t index = 0; index < operations; index++)
		sum += verdict(&queries[index & mask]);
	report(start, operations, sum);
	return 0;
}
