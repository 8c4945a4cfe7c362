/* Times in bins of half a microsecond; what took longer than all of them is in the last one. */
#include "dns_load.h"

#include <stdlib.h>

enum { BIN = 500, BINS = 400000 };

void count_latency(struct latency *latency, uint64_t nanoseconds)
{
	uint64_t bin = nanoseconds / BIN;

	if (latency->bins == NULL && (latency->bins = calloc(BINS, sizeof(uint32_t))) == NULL)
		fail("memory");
	latency->bins[bin < BINS ? bin : BINS - 1]++;
	latency->count++;
}

double latency_at(const struct latency *latency, double part)
{
	uint64_t left = latency->count * part;

	if (latency->count == 0)
		return 0;
	for (int bin = 0; bin < BINS; bin++) {
		if (latency->bins[bin] > left)
			return (bin + 0.5) * BIN / 1000;
		left -= latency->bins[bin];
	}
	return (double)BINS * BIN / 1000;
}
