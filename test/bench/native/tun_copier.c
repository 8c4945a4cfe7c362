/*
 * The least that a process can do between two TUN devices: wait, read, write. What decides about packets is measured beside it.
 *
 *   tun_copier NETNS DEVICE NETNS DEVICE
 *
 * Makes the devices, prints "ready" and copies until it is killed.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HEADER = 12, LONGEST = 70000, AT_ONCE = 64 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_tun(const char *netns, const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int header = HEADER, space = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (space < 0 || setns(space, CLONE_NEWNET) < 0)
		fail(netns);
	close(space);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fail("/dev/net/tun");
	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &request) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &header) < 0)
		fail(device);
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | 0x60) < 0 &&
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) < 0)
		fail("offloads");
	return fd;
}

int main(int count, char **words)
{
	static char packet[LONGEST];
	struct pollfd ends[2];

	if (count != 5)
		return 2;
	for (int i = 0; i < 2; i++)
		ends[i] = (struct pollfd){ .fd = open_tun(words[1 + 2 * i], words[2 + 2 * i]), .events = POLLIN };
	puts("ready");
	fflush(stdout);
	for (;;) {
		poll(ends, 2, -1);
		for (int i = 0; i < 2; i++) {
			ssize_t length = 1;

			for (int n = 0; ends[i].revents != 0 && n < AT_ONCE && length > 0; n++) {
				length = read(ends[i].fd, packet, sizeof(packet));
				/* A device that is down, or has no room, loses it. */
				if (length > 0 && write(ends[!i].fd, packet, length) < 0)
					continue;
			}
		}
	}
}
