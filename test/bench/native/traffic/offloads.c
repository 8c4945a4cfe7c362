/* Segmentation and checksums, as ethtool(8) would switch them. Aggregation is off on every veth that nobody touched. */
#include "traffic.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void set_offloads(const char *device, int wanted)
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
