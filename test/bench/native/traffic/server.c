/* The server of every load: a thread for every connection that stays. */
#define _GNU_SOURCE

#include "traffic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile uint64_t datagrams;

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

/*
 * While they come it looks for them now and then, and sleeps where no packet wakes it: to wake another CPU for each costs as much as
 * the path. IDLE looks in vain, and it waits for the next one.
 */
enum { LOOK_US = 500, IDLE = 40 };

static void count_datagrams(void)
{
	static char bytes[BATCH][DATAGRAM * 2];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	int fd = bound(SOCK_DGRAM, UDP_PORT);
	int room = 32 << 20, idle = IDLE;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	for (;;) {
		int count = recvmmsg(fd, messages, BATCH, idle < IDLE ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);

		if (count > 0) {
			datagrams += count;
			idle = 0;
		} else {
			idle++;
			usleep(LOOK_US);
		}
	}
}

void serve(void)
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
