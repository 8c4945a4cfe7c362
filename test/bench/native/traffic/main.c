/*
 * Load between two network namespaces. Clients take turns between addresses in short slices, so that whatever else runs on the machine
 * disturbs all alike, and print what each carried in a second. Behind an address may be the folder of the cgroup to make it from.
 *
 *   traffic serve CPU
 *   traffic stream|rr|crr|udp CPU SLICE_MS SLICES ADDRESS[@CGROUP]...
 *   traffic offloads DEVICE on|off
 *   traffic probe FROM_NETNS TO_NETNS ADDRESS
 */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (count > 5 && run_load(words[1], count - 2, words + 2))
		return 0;
	fprintf(stderr, "traffic: not understood: see the head of its source\n");
	return 2;
}
