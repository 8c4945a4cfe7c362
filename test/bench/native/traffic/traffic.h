/* What the parts of this program share: sockets, the clock, and the ports that they meet at. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

enum { RR_PORT = 7001, CRR_PORT, UDP_PORT, COUNT_PORT, STREAM_PORT, PROBE_PORT };
enum { BATCH = 64, DATAGRAM = 64, BLOCK = 128 << 10 };

void fail(const char *what);
/* Nanoseconds of the monotonic clock. */
uint64_t now(void);
/* Before others, where that is allowed: what they do is not the subject. */
void go_first(void);
/* To one CPU, and before others there. */
void pin(int cpu);
int open_socket(int type);
/* Listens, if it is of TCP. */
int bound(int type, int port);
int connected(int type, const char *address, int port);

/* Neither of these returns. */
void serve(void);
void probe(const char *from, const char *to, const char *address);

/* 0: there is no such load. `words`: CPU SLICE_MS SLICES ADDRESS[@CGROUP]... */
int run_load(const char *name, int count, char **words);
void set_offloads(const char *device, int wanted);
