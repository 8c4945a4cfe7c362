/* What the parts of this program share: questions, the answers expected, and what is counted of them. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

enum { BATCH = 64, MESSAGE = 1232, IDS = 65536 };

struct wish {
	/* Pods: addresses one after the other, each asks every name. */
	uint32_t first_source;
	uint32_t sources;
	uint32_t names;
	/* Addresses that each name has. */
	uint32_t addresses;
};

/* Times between a question and its answer, in bins. */
struct latency {
	uint32_t *bins;
	uint64_t count;
};

struct tally {
	uint64_t asked;
	uint64_t answered;
	/* None within the time, another rcode or none of the name's addresses. */
	uint64_t lost;
	uint64_t refused;
	uint64_t wrong;
	uint64_t nanoseconds;
	struct latency latency;
};

void fail(const char *what);
uint64_t now(void);
void pin(int cpu);

void count_latency(struct latency *latency, uint64_t nanoseconds);
/* Microseconds that `part` of the answers took at most. */
double latency_at(const struct latency *latency, double part);

/* Number `name`: host-NAME.team-X.bench.test, whose addresses are 198.19.0.0 + 16 * name and what follows. Returns its length. */
int write_question(unsigned char *into, uint16_t id, uint32_t name);
enum verdict { RIGHT, REFUSED, WRONG };
enum verdict judge(const unsigned char *answer, int length, uint32_t name, uint32_t addresses);

struct asker;
struct asker *open_asker(const struct wish *wish, const char *server);
/* Keeps as many questions open as `window`, until the end or until `most` were asked. */
void flood(struct asker *asker, struct tally *tally, int window, uint64_t length, uint64_t most);
/* One question after another at a fixed rate, whatever becomes of them. */
void pace(struct asker *asker, struct tally *tally, double rate, uint64_t length);

/* Says `ready`; does not return. */
void serve(const char *address, uint32_t names, uint32_t addresses);
