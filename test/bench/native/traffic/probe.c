/* When what one namespace sends begins or ceases to reach another one. */
#define _GNU_SOURCE

#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

void probe(const char *from, const char *to, const char *address)
{
	static uint64_t times[SENT];
	static char arrived[SENT];
	uint64_t sent = 0, judged = 0, newest = 0, number;
	int receiver, sender, was_open = -1;

	enter(to);
	receiver = bound(SOCK_DGRAM, PROBE_PORT);
	enter(from);
	sender = connected(SOCK_DGRAM, address, PROBE_PORT);
	go_first();
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
