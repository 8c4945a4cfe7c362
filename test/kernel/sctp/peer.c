/*
 * An end of SCTP, for which Node has no sockets. Each is bound to one address: addresses that an end names inside its messages are nobody's to
 * translate.
 *
 *   peer try                          status 0: this kernel has such sockets; else it says why not
 *   peer serve PORT ADDRESS...        says "ready"; tells each who comes its address, then gives back what it gets
 *   peer ask OWN ADDRESS PORT         how the other end calls it, and the bytes that came back; the name of an error, or "silence"
 *   peer written DEVICE               from now on checksums are written by the sender's kernel, not left to the device
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Some messages are more than a packet takes. */
enum { MESSAGES = 40, SMALL = 100, LARGE = 9000, PATIENCE_SECONDS = 3 };

static char bytes[LARGE];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static socklen_t read_address(const char *text, int port, struct sockaddr_storage *into)
{
	struct sockaddr_in *four = (struct sockaddr_in *)into;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)into;

	memset(into, 0, sizeof(*into));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) {
		fprintf(stderr, "not an address: %s\n", text);
		exit(2);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof(*six);
}

static void write_address(const struct sockaddr_storage *address, char *into, socklen_t size)
{
	const void *from = address->ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
							 : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;

	inet_ntop(address->ss_family, from, into, size);
}

static int bound_socket(const char *address, int port)
{
	struct sockaddr_storage own;
	socklen_t size = read_address(address, port, &own);
	int fd = socket(own.ss_family, SOCK_STREAM, IPPROTO_SCTP);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, size) != 0)
		fail(address);
	return fd;
}

/* True in a process of its own, which ends with this one. */
static int forked(void)
{
	if (fork() != 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 1;
}

/* The next message, in one piece or several; less than `wanted` when the other end has gone, or says nothing. */
static long receive(int fd, char *into, long wanted)
{
	long got = 0;

	while (got < wanted) {
		long more = recv(fd, into + got, wanted - got, 0);

		if (more <= 0)
			break;
		got += more;
	}
	return got;
}

static long length_of(int message)
{
	return message % 4 == 3 ? LARGE : SMALL;
}

static void answer(int fd, const struct sockaddr_storage *from)
{
	char text[INET6_ADDRSTRLEN] = "";

	write_address(from, text, sizeof(text));
	if (send(fd, text, sizeof(text), 0) < 0)
		exit(0);
	for (int message = 0; message < MESSAGES; message++) {
		long length = length_of(message);

		if (receive(fd, bytes, length) < length || send(fd, bytes, length, 0) < length)
			break;
	}
	/* The other end hangs up. */
	receive(fd, bytes, 1);
	exit(0);
}

static void serve(int port, const char *address)
{
	int fd = bound_socket(address, port);

	if (listen(fd, 16) != 0)
		fail("listen");
	if (!forked())
		return;
	for (;;) {
		struct sockaddr_storage from;
		socklen_t size = sizeof(from);
		int one = accept(fd, (struct sockaddr *)&from, &size);

		if (one < 0)
			fail("accept");
		if (forked())
			answer(one, &from);
		close(one);
	}
}

static void ask(const char *own, const char *address, int port)
{
	struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct sockaddr_storage to;
	socklen_t size = read_address(address, port, &to);
	int fd = bound_socket(own, 0);
	char text[INET6_ADDRSTRLEN];
	long back = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, size) != 0) {
		puts(errno == EINPROGRESS || errno == EAGAIN ? "silence" : strerrorname_np(errno));
		return;
	}
	if (receive(fd, text, sizeof(text)) < (long)sizeof(text)) {
		puts("hung up");
		return;
	}
	for (int message = 0; message < MESSAGES; message++) {
		long length = length_of(message);

		memset(bytes, message, length);
		if (send(fd, bytes, length, 0) < length || receive(fd, bytes, length) < length)
			break;
		for (long at = 0; at < length; at++)
			back += bytes[at] == (char)message;
	}
	printf("%s %ld\n", text, back);
	close(fd);
}

static void write_checksums(const char *device)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = 0 };
	struct ifreq request = { .ifr_data = (void *)&value };

	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCETHTOOL, &request) != 0)
		fail(device);
}

int main(int count, char **words)
{
	const char *act = count > 1 ? words[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(act, "try") == 0) {
		if (socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) < 0)
			fail("SCTP");
	} else if (strcmp(act, "serve") == 0 && count > 3) {
		for (int at = 3; at < count; at++)
			serve(atoi(words[2]), words[at]);
		puts("ready");
		fflush(stdout);
		pause();
	} else if (strcmp(act, "ask") == 0 && count == 5)
		ask(words[2], words[3], atoi(words[4]));
	else if (strcmp(act, "written") == 0 && count == 3)
		write_checksums(words[2]);
	else
		return 2;
	return 0;
}
