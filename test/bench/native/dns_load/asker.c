/* Pods that ask one server, all by one socket: each datagram says which address it leaves from. */
#define _GNU_SOURCE

#include "dns_load.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { DNS_PORT = 53, ROOM = 8 << 20 };
/* Nanoseconds after which an answer counts as lost. */
static const uint64_t patience = 1000000000;

union control {
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct cmsghdr head;
};

struct slot {
	unsigned char bytes[MESSAGE];
	struct iovec part;
	struct sockaddr_in peer;
	union control control;
};

struct asker {
	struct wish wish;
	struct sockaddr_in server;
	int fd;
	/* Of the next question, which has a name and a source by it. */
	uint64_t next;
	/* By id: when it was asked, 0: it is not open. Ids of questions that are open follow one another. */
	uint64_t since[IDS];
	uint32_t names[IDS];
	uint16_t oldest;
	uint16_t end;
	uint32_t open;
	/* When the last answer came. */
	uint64_t last;
	struct slot slots[BATCH];
	struct mmsghdr messages[BATCH];
};

struct asker *open_asker(const struct wish *wish, const char *server)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct asker *asker = calloc(1, sizeof(*asker));
	int room = ROOM;

	if (asker == NULL)
		fail("memory");
	asker->wish = *wish;
	asker->server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	if (inet_pton(AF_INET, server, &asker->server.sin_addr) != 1)
		fail(server);
	asker->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (asker->fd < 0 || bind(asker->fd, (struct sockaddr *)&any, sizeof(any)) != 0)
		fail("socket");
	if (setsockopt(asker->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(asker->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return asker;
}

static void ask_from(struct asker *asker, struct slot *slot, struct msghdr *message)
{
	const struct wish *wish = &asker->wish;
	uint64_t pod = asker->next % wish->sources, round = asker->next++ / wish->sources;
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(wish->first_source + pod) };
	uint16_t id = asker->end++;

	/* No two ask for one name at a time: who forwards might ask for it once. */
	asker->names[id] = (round + pod * wish->names / wish->sources) % wish->names;
	slot->part = (struct iovec){ slot->bytes, write_question(slot->bytes, id, asker->names[id]) };
	slot->control.head = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
	memcpy(CMSG_DATA(&slot->control.head), &info, sizeof(info));
	*message = (struct msghdr){ &asker->server, sizeof(asker->server), &slot->part, 1, &slot->control, sizeof(slot->control), 0 };
	asker->open++;
}

static void ask(struct asker *asker, struct tally *tally, uint32_t count)
{
	uint16_t first = asker->end;
	uint64_t time;

	for (uint32_t i = 0; i < count; i++)
		ask_from(asker, &asker->slots[i], &asker->messages[i].msg_hdr);
	time = now();
	for (uint32_t i = 0; i < count; i++)
		asker->since[(uint16_t)(first + i)] = time;
	tally->asked += count;
	/* What is not sent is not answered. */
	if (sendmmsg(asker->fd, asker->messages, count, 0) < 0)
		perror("send");
}

static void close_question(struct asker *asker, uint16_t id)
{
	asker->since[id] = 0;
	asker->open--;
	while (asker->oldest != asker->end && asker->since[asker->oldest] == 0)
		asker->oldest++;
}

static void take(struct asker *asker, struct tally *tally, const struct mmsghdr *message, uint64_t time)
{
	const struct slot *slot = message->msg_hdr.msg_iov->iov_base;
	uint16_t id = slot->bytes[0] << 8 | slot->bytes[1];
	enum verdict verdict;

	if (message->msg_len < 12 || asker->since[id] == 0 || slot->peer.sin_addr.s_addr != asker->server.sin_addr.s_addr ||
	    slot->peer.sin_port != asker->server.sin_port) {
		tally->wrong++;
		return;
	}
	verdict = judge(slot->bytes, message->msg_len, asker->names[id], asker->wish.addresses);
	tally->answered += verdict == RIGHT;
	tally->refused += verdict == REFUSED;
	tally->wrong += verdict == WRONG;
	count_latency(&tally->latency, time - asker->since[id]);
	close_question(asker, id);
}

/* What has come; and what has not come for too long is lost. */
static void take_answers(struct asker *asker, struct tally *tally)
{
	uint64_t time;
	int count;

	for (int i = 0; i < BATCH; i++) {
		struct slot *slot = &asker->slots[i];

		slot->part = (struct iovec){ slot->bytes, sizeof(slot->bytes) };
		asker->messages[i].msg_hdr = (struct msghdr){ &slot->peer, sizeof(slot->peer), &slot->part, 1, NULL, 0, 0 };
	}
	count = recvmmsg(asker->fd, asker->messages, BATCH, MSG_DONTWAIT, NULL);
	time = now();
	if (count > 0)
		asker->last = time;
	for (int i = 0; i < count; i++)
		take(asker, tally, &asker->messages[i], time);
	while (asker->open > 0 && time - asker->since[asker->oldest] > patience) {
		tally->lost++;
		close_question(asker, asker->oldest);
	}
}

static void await(struct asker *asker, int64_t nanoseconds)
{
	struct pollfd readable = { asker->fd, POLLIN, 0 };
	struct timespec time = { nanoseconds / 1000000000, nanoseconds % 1000000000 };

	if (nanoseconds >= 0)
		ppoll(&readable, 1, &time, NULL);
}

static void drain(struct asker *asker, struct tally *tally)
{
	while (asker->open > 0) {
		await(asker, 10000000);
		take_answers(asker, tally);
	}
}

void flood(struct asker *asker, struct tally *tally, int window, uint64_t length, uint64_t most)
{
	uint64_t start = now(), end = start, first = asker->next;

	for (; end - start < length && asker->next - first < most; end = now()) {
		uint32_t room = window - asker->open;
		uint64_t left = most - (asker->next - first);

		if (room > left)
			room = left;
		/* Not one by one: a whole batch costs little more. */
		if (room >= (uint32_t)window / 4 || room == left)
			ask(asker, tally, room < BATCH ? room : BATCH);
		await(asker, 1000000);
		take_answers(asker, tally);
	}
	drain(asker, tally);
	tally->nanoseconds += asker->last - start;
}

void pace(struct asker *asker, struct tally *tally, double rate, uint64_t length)
{
	uint64_t start = now(), asked = 0, due;

	for (;;) {
		due = start + (uint64_t)(asked * 1e9 / rate);
		if (due - start >= length)
			break;
		while (now() < due) {
			await(asker, due - now());
			take_answers(asker, tally);
		}
		ask(asker, tally, 1);
		asked++;
	}
	drain(asker, tally);
	tally->nanoseconds += asker->last - start;
}
