/*
 * The yardstick of grants: fresh entries written to the pinned map of grants, as many by one call as an answer has addresses. For every number
 * that it reads, it writes so many answers of one pod, takes them out again, and prints a line: the nanoseconds that each of them took.
 *
 *   grant_writes PIN ENDPOINT ADDRESSES
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 4, MOST = 1024 };

struct key {
	uint32_t address[4];
	uint32_t endpoint;
	uint32_t zero;
};

struct value {
	struct {
		uint32_t identity;
		uint32_t expires;
	} places[PLACES];
};

static struct key keys[MOST];
static struct value values[MOST];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void batch(int command, int map, uint32_t count)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.batch.keys = (uintptr_t)keys;
	attributes.batch.values = (uintptr_t)values;
	attributes.batch.count = count;
	attributes.batch.map_fd = map;
	if (syscall(SYS_bpf, command, &attributes, sizeof(attributes)) != 0 || attributes.batch.count != count)
		fail("batch");
}

static void write_keys(uint32_t answer, uint32_t endpoint, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		keys[i] = (struct key){ { 0, 0, 0xffff0000, answer * count + i + 1 }, endpoint, 0 };
		values[i].places[0].identity = 0x1000010;
		values[i].places[0].expires = 1u << 31;
	}
}

int main(int count, char **words)
{
	uint32_t endpoint, addresses, answers;
	union bpf_attr pin;
	char line[32];
	int map;

	if (count != 4 || (addresses = atoi(words[3])) < 1 || addresses > MOST)
		return 2;
	endpoint = atoi(words[2]);
	memset(&pin, 0, sizeof(pin));
	pin.pathname = (uintptr_t)words[1];
	map = syscall(SYS_bpf, BPF_OBJ_GET, &pin, sizeof(pin));
	if (map < 0)
		fail(words[1]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		answers = atoi(line);
		for (uint32_t answer = 0; answer < answers; answer++) {
			uint64_t before;

			write_keys(answer, endpoint, addresses);
			before = now();
			batch(BPF_MAP_UPDATE_BATCH, map, addresses);
			printf("%llu ", (unsigned long long)(now() - before));
		}
		for (uint32_t answer = 0; answer < answers; answer++) {
			write_keys(answer, endpoint, addresses);
			batch(BPF_MAP_DELETE_BATCH, map, addresses);
		}
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
