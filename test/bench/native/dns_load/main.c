/*
 * Load of DNS. Pods ask every name of every server in turn, in slices, so that whatever else runs on the machine disturbs all alike. Prints a
 * line for each server: answers per second, microseconds that half and 99 % of them took, questions, and how many of them got no answer,
 * another rcode, or one that is wrong.
 *
 *   dns_load CPU serve ADDRESS NAMES ADDRESSES     a server of these names
 *   dns_load CPU flood OUTSTANDING SLICE_MS SLICES FIRST_SOURCE SOURCES NAMES ADDRESSES SERVER...
 *   dns_load CPU pace RATE SLICE_MS SLICES FIRST_SOURCE SOURCES NAMES ADDRESSES SERVER...
 *   dns_load CPU fill OUTSTANDING 0 1 FIRST_SOURCE SOURCES NAMES ADDRESSES SERVER     every name once by every source
 */
#define _GNU_SOURCE

#include "dns_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS = 4, FIXED = 9 };

void fail(const char *what)
{
	perror(what);
	exit(1);
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fail("sched_setaffinity");
	/* It is woken when a question is due, not when that suits. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

static void run_slice(struct asker *asker, struct tally *tally, char **words)
{
	uint64_t length = strtoull(words[3], NULL, 10) * 1000000;

	if (strcmp(words[1], "pace") == 0)
		pace(asker, tally, atof(words[2]), length);
	else if (strcmp(words[1], "flood") == 0)
		flood(asker, tally, atoi(words[2]), length, UINT64_MAX);
	else
		flood(asker, tally, atoi(words[2]), UINT64_MAX, strtoull(words[6], NULL, 10) * strtoull(words[7], NULL, 10));
}

static void report(const struct tally *tally)
{
	printf("%.0f %.1f %.1f %llu %llu %llu %llu\n", tally->answered * 1e9 / tally->nanoseconds, latency_at(&tally->latency, 0.5),
	       latency_at(&tally->latency, 0.99), (unsigned long long)tally->asked, (unsigned long long)tally->lost,
	       (unsigned long long)tally->refused, (unsigned long long)tally->wrong);
}

int main(int count, char **words)
{
	struct asker *askers[SERVERS];
	struct tally tallies[SERVERS] = { 0 };
	struct in_addr first;
	struct wish wish;
	int servers;

	words++;
	servers = --count - FIXED;
	if (count == 5 && strcmp(words[1], "serve") == 0) {
		pin(atoi(words[0]));
		serve(words[2], atoi(words[3]), atoi(words[4]));
	}
	if (servers < 1 || servers > SERVERS || inet_pton(AF_INET, words[5], &first) != 1) {
		fprintf(stderr, "dns_load: not understood: see the head of its source\n");
		return 2;
	}
	pin(atoi(words[0]));
	wish = (struct wish){ ntohl(first.s_addr), atoi(words[6]), atoi(words[7]), atoi(words[8]) };
	for (int i = 0; i < servers; i++)
		askers[i] = open_asker(&wish, words[FIXED + i]);
	/* Who was first is last next. */
	for (int slice = 0; slice < atoi(words[4]); slice++)
		for (int i = 0; i < servers; i++)
			run_slice(askers[(slice + i) % servers], &tallies[(slice + i) % servers], words);
	for (int i = 0; i < servers; i++)
		report(&tallies[i]);
	return 0;
}
