/* The yardstick's frame: reads tables that the benchmark wrote, times one round, prints nanoseconds per operation and a sum. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* CPU time: what the work costs whoever else wants the processor. */
static inline double nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* The whole of a file; *count is how many records of `size` bytes it holds. */
static inline void *read_table(const char *path, size_t size, uint32_t *count)
{
	FILE *file = fopen(path, "rb");
	void *table;
	long length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(file);
	table = malloc(length == 0 ? 1 : length);
	*count = length / size;
	if (table == NULL || fread(table, size, *count, file) != *count) {
		perror(path);
		exit(1);
	}
	fclose(file);
	return table;
}

static inline void report(double start, uint64_t operations, uint64_t sum)
{
	printf("%.4f %llu\n", (nanoseconds() - start) / operations, (unsigned long long)sum);
}
