/* Sockets, the clock, and a place among the other processes. */
#define _GNU_SOURCE

#include "traffic.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const int one = 1;

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

/* A kernel that groups by session wants a word of its own for it. */
void go_first(void)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "-20", 3) != 3)
		perror("autogroup");
	if (fd >= 0)
		close(fd);
	setpriority(PRIO_PROCESS, 0, -20);
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fail("sched_setaffinity");
	go_first();
}

static struct sockaddr_in at(const char *address, int port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, address, &name.sin_addr) != 1) {
		fprintf(stderr, "not an IPv4 address: %s\n", address);
		exit(1);
	}
	return name;
}

int open_socket(int type)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

/*
 * At once, and as fast as the other side takes it: a congestion control that paces, where that is the system's, would be what is measured.
 * Whoever is accepted has it of the listener.
 */
static void send_unpaced(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", strlen("cubic"));
}

int bound(int type, int port)
{
	struct sockaddr_in name = at("0.0.0.0", port);
	int fd = open_socket(type);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (type == SOCK_STREAM)
		send_unpaced(fd);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 || (type == SOCK_STREAM && listen(fd, 1024) != 0))
		fail("listen");
	return fd;
}

int connected(int type, const char *address, int port)
{
	struct sockaddr_in name = at(address, port);
	int fd = open_socket(type);

	if (type == SOCK_STREAM)
		send_unpaced(fd);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
		fail("connect");
	return fd;
}
