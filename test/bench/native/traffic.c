/*
 * Load between two network namespaces. Clients take turns between two addresses in short slices, so that whatever else runs on the
 * machine disturbs both alike, and print what each carried in a second.
 *
 *   traffic serve CPU
 *   traffic stream|rr|crr|udp CPU SLICE_MS SLICES ADDRESS ADDRESS
 *   traffic offloads DEVICE on|off
 *   traffic probe FROM_NETNS TO_NETNS ADDRESS
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RR_PORT = 7001, CRR_PORT, UDP_PORT, COUNT_PORT, STREAM_PORT, PROBE_PORT };
enum { BATCH = 64, DATAGRAM = 64, BLOCK = 128 << 10, TARGETS = 2 };

static const int one = 1;
static volatile uint64_t datagrams;

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

/* Before others, where that is allowed: what they do is not the subject. A kernel that groups by session wants its own word for it. */
static void go_first(void)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "-20", 3) != 3)
		perror("autogroup");
	if (fd >= 0)
		close(fd);
	setpriority(PRIO_PROCESS, 0, -20);
}

static void pin(int cpu)
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

static int open_socket(int type)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

static int bound(int type, int port)
{
	struct sockaddr_in name = at("0.0.0.0", port);
	int fd = open_socket(type);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 || (type == SOCK_STREAM && listen(fd, 1024) != 0))
		fail("listen");
	return fd;
}

static int connected(int type, const char *address, int port)
{
	struct sockaddr_in name = at(address, port);
	int fd = open_socket(type);

	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
		fail("connect");
	return fd;
}

/* The server: a thread for every connection that stays. */

static void *echo(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char bytes[64];
	ssize_t length;

	while ((length = read(fd, bytes, sizeof(bytes))) > 0 && write(fd, bytes, length) == length)
		;
	close(fd);
	return NULL;
}

static void *swallow(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char *block = malloc(BLOCK);

	while (read(fd, block, BLOCK) > 0)
		;
	free(block);
	close(fd);
	return NULL;
}

static void *tell_count(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char byte;

	while (read(fd, &byte, 1) == 1) {
		uint64_t count = datagrams;

		if (write(fd, &count, sizeof(count)) != sizeof(count))
			break;
	}
	close(fd);
	return NULL;
}

struct service {
	int port;
	void *(*serve)(void *connection);
};

static void *accept_for(void *argument)
{
	const struct service *service = argument;
	int listener = bound(SOCK_STREAM, service->port);

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (pthread_create(&thread, NULL, service->serve, (void *)(intptr_t)fd) != 0)
			fail("pthread_create");
		pthread_detach(thread);
	}
	return NULL;
}

/* One connection after the other, and this side closes first. */
static void *answer_once(void *unused)
{
	int listener = bound(SOCK_STREAM, CRR_PORT);

	(void)unused;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		char byte;

		if (fd < 0)
			continue;
		if (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) != 1)
			perror("write");
		close(fd);
	}
	return NULL;
}

static void count_datagrams(void)
{
	static char bytes[BATCH][DATAGRAM * 2];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	int fd = bound(SOCK_DGRAM, UDP_PORT);
	int room = 8 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	for (;;) {
		int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);

		if (count > 0)
			datagrams += count;
	}
}

static void serve(void)
{
	static struct service services[] = { { RR_PORT, echo }, { COUNT_PORT, tell_count }, { STREAM_PORT, swallow } };
	pthread_t thread;

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (pthread_create(&thread, NULL, accept_for, &services[i]) != 0)
			fail("pthread_create");
	if (pthread_create(&thread, NULL, answer_once, NULL) != 0)
		fail("pthread_create");
	count_datagrams();
}

/* Clients: each carries load for one slice and adds what came through. */

struct target {
	const char *address;
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

static void run_load(const struct load *load, char **words)
{
	uint64_t length = strtoull(words[1], NULL, 10) * 1000000;
	int slices = atoi(words[2]);
	struct target targets[TARGETS] = { { .address = words[3] }, { .address = words[4] } };

	pin(atoi(words[0]));
	for (int i = 0; i < TARGETS; i++) {
		if (load->type != 0)
			targets[i].fd = connected(load->type, targets[i].address, load->port);
		if (load->type == SOCK_DGRAM)
			targets[i].counter = connected(SOCK_STREAM, targets[i].address, COUNT_PORT);
		/* Caches, neighbours, windows: not counted. */
		load->slice(&targets[i], length / 4);
		targets[i].units = targets[i].nanoseconds = 0;
	}
	/* Who was second is first next. */
	for (int slice = 0; slice < slices; slice++)
		for (int i = 0; i < TARGETS; i++)
			load->slice(&targets[(slice + i) % TARGETS], length);
	for (int i = 0; i < TARGETS; i++)
		printf("%.0f%c", targets[i].units * 1e9 / targets[i].nanoseconds, i + 1 < TARGETS ? ' ' : '\n');
}

/* Segmentation and checksums, as ethtool(8) would switch them. Aggregation is off on every veth that nobody touched. */
static void set_offloads(const char *device, int wanted)
{
	static const uint32_t commands[] = { ETHTOOL_STXCSUM, ETHTOOL_SGSO, ETHTOOL_STSO };
	int fd = open_socket(SOCK_DGRAM);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct ethtool_value value = { .cmd = commands[i], .data = wanted };
		struct ifreq request = { .ifr_data = (void *)&value };

		strncpy(request.ifr_name, device, IFNAMSIZ - 1);
		if (ioctl(fd, SIOCETHTOOL, &request) != 0)
			fail(device);
	}
	close(fd);
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		fail(netns);
	close(fd);
}

/*
 * A datagram every 100 us, out of one namespace into the other by one process. A line for every change: when the first packet that was
 * judged otherwise was sent, by the monotonic clock. One is lost when a later one arrived, or when it has not for 20 ms.
 */
enum { SENT = 1 << 12, LOST_AFTER = 20000000 };

static void probe(const char *from, const char *to, const char *address)
{
	static uint64_t times[SENT];
	static char arrived[SENT];
	uint64_t sent = 0, judged = 0, newest = 0, number;
	int receiver, sender, was_open = -1;

	enter(to);
	receiver = bound(SOCK_DGRAM, PROBE_PORT);
	enter(from);
	sender = connected(SOCK_DGRAM, address, PROBE_PORT);
	for (;; usleep(100)) {
		times[sent % SENT] = now();
		arrived[sent % SENT] = 0;
		/* A refusal that was told of an earlier one is no matter. */
		if (write(sender, &sent, sizeof(sent)) < 0 && errno != ECONNREFUSED && errno != EPERM && errno != EHOSTUNREACH)
			fail("send");
		sent++;
		while (recv(receiver, &number, sizeof(number), MSG_DONTWAIT) == sizeof(number)) {
			arrived[number % SENT] = 1;
			newest = number;
		}
		for (; judged < sent; judged++) {
			int is_open = arrived[judged % SENT];

			if (!is_open && newest < judged && now() - times[judged % SENT] < LOST_AFTER)
				break;
			if (is_open != was_open) {
				printf("%s %llu\n", is_open ? "open" : "closed", (unsigned long long)times[judged % SENT]);
				fflush(stdout);
			}
			was_open = is_open;
		}
	}
}

int main(int count, char **words)
{
	if (count == 3 && strcmp(words[1], "serve") == 0) {
		pin(atoi(words[2]));
		serve();
	}
	if (count == 4 && strcmp(words[1], "offloads") == 0) {
		set_offloads(words[2], strcmp(words[3], "on") == 0);
		return 0;
	}
	if (count == 5 && strcmp(words[1], "probe") == 0)
		probe(words[2], words[3], words[4]);
	for (size_t i = 0; count == 7 && i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(words[1], loads[i].name) == 0) {
			run_load(&loads[i], words + 2);
			return 0;
		}
	fprintf(stderr, "traffic: not understood: see the head of its source\n");
	return 2;
}
