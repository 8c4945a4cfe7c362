/* Clients: each carries load for one slice and adds what came through. */
#define _GNU_SOURCE

#include "traffic.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TARGETS = 8 };

struct target {
	const char *address;
	/* Where its sockets are made; none: wherever this process is. */
	const char *cgroup;
	int fd;
	int counter;
	uint64_t units;
	uint64_t nanoseconds;
};

static void rr_slice(struct target *target, uint64_t length)
{
	uint64_t start = now(), end = start, count = 0;
	char byte = 'x';

	for (; end - start < length; end = now(), count++)
		if (write(target->fd, &byte, 1) != 1 || read(target->fd, &byte, 1) != 1)
			fail("request");
	target->units += count;
	target->nanoseconds += end - start;
}

static void crr_slice(struct target *target, uint64_t length)
{
	uint64_t start = now(), end = start, count = 0;

	for (; end - start < length; end = now(), count++) {
		int fd = connected(SOCK_STREAM, target->address, CRR_PORT);
		char byte = 'x';

		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 0)
			fail("request");
		close(fd);
	}
	target->units += count;
	target->nanoseconds += end - start;
}

static uint64_t received(struct target *target)
{
	uint64_t count;

	if (write(target->counter, "?", 1) != 1 || recv(target->counter, &count, sizeof(count), MSG_WAITALL) != sizeof(count))
		fail("count");
	return count;
}

/* What arrived, not what was sent. */
static void udp_slice(struct target *target, uint64_t length)
{
	static char bytes[DATAGRAM];
	struct iovec part = { bytes, sizeof(bytes) };
	struct mmsghdr messages[BATCH] = { 0 };
	uint64_t before = received(target), start, end;

	for (int i = 0; i < BATCH; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &part, .msg_iovlen = 1 };
	for (start = end = now(); end - start < length; end = now())
		sendmmsg(target->fd, messages, BATCH, 0);
	usleep(20000);
	target->units += received(target) - before;
	target->nanoseconds += end - start;
}

/* Bytes that the other side has acknowledged; the time that the last of them take counts. */
static void stream_slice(struct target *target, uint64_t length)
{
	static char block[BLOCK];
	uint64_t start = now(), bytes = 0;
	int left = 1;

	while (now() - start < length) {
		ssize_t written = write(target->fd, block, sizeof(block));

		if (written < 0)
			fail("write");
		bytes += written;
	}
	while (ioctl(target->fd, SIOCOUTQ, &left) == 0 && left > 0)
		usleep(20);
	target->units += bytes;
	target->nanoseconds += now() - start;
}

/* The cgroup of a socket is that of who makes it. */
static void enter_cgroup(const char *cgroup)
{
	int fd;

	if (cgroup == NULL)
		return;
	fd = open(cgroup, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		fail(cgroup);
	close(fd);
}

static struct target target_of(char *word)
{
	char *folder = strchr(word, '@');
	struct target target = { .address = word };

	if (folder == NULL)
		return target;
	*folder++ = '\0';
	if (asprintf((char **)&target.cgroup, "%s/cgroup.procs", folder) < 0)
		fail(folder);
	return target;
}

struct load {
	const char *name;
	int type;
	int port;
	void (*slice)(struct target *target, uint64_t length);
};

static const struct load loads[] = {
	{ "rr", SOCK_STREAM, RR_PORT, rr_slice },
	{ "crr", 0, CRR_PORT, crr_slice },
	{ "udp", SOCK_DGRAM, UDP_PORT, udp_slice },
	{ "stream", SOCK_STREAM, STREAM_PORT, stream_slice },
};

static const struct load *find_load(const char *name)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(loads[i].name, name) == 0)
			return &loads[i];
	return NULL;
}

static void run_slice(const struct load *load, struct target *target, uint64_t length)
{
	enter_cgroup(target->cgroup);
	load->slice(target, length);
}

static void prepare(const struct load *load, struct target *target)
{
	enter_cgroup(target->cgroup);
	if (load->type != 0)
		target->fd = connected(load->type, target->address, load->port);
	if (load->type == SOCK_DGRAM)
		target->counter = connected(SOCK_STREAM, target->address, COUNT_PORT);
}

int run_load(const char *name, int count, char **words)
{
	const struct load *load = find_load(name);
	struct target targets[TARGETS];
	uint64_t length;
	int slices;

	if (load == NULL || count < 4 || count > 3 + TARGETS)
		return 0;
	pin(atoi(words[0]));
	length = strtoull(words[1], NULL, 10) * 1000000;
	slices = atoi(words[2]);
	count -= 3;
	for (int i = 0; i < count; i++) {
		targets[i] = target_of(words[3 + i]);
		prepare(load, &targets[i]);
		/* Caches, neighbours, windows: not counted. */
		run_slice(load, &targets[i], length / 4);
		targets[i].units = targets[i].nanoseconds = 0;
	}
	/* Who was first is last next. */
	for (int slice = 0; slice < slices; slice++)
		for (int i = 0; i < count; i++)
			run_slice(load, &targets[(slice + i) % count], length);
	for (int i = 0; i < count; i++)
		printf("%.0f%c", targets[i].units * 1e9 / targets[i].nanoseconds, i + 1 < count ? ' ' : '\n');
	return 1;
}
