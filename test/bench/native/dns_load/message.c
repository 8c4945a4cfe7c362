/* Questions and answers as bytes. */
#include "dns_load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { HEADER = 12, TEAMS = 40, TYPE_A = 1 };

int write_question(unsigned char *into, uint16_t id, uint32_t name)
{
	char text[64];
	int at = HEADER, label;

	memset(into, 0, HEADER);
	into[0] = id >> 8;
	into[1] = id;
	into[2] = 1; /* recursion desired */
	into[5] = 1;
	snprintf(text, sizeof(text), "host-%u.team-%u.bench.test.", name, name % TEAMS);
	for (char *from = text; *from != '\0'; from += label + 1) {
		label = strchr(from, '.') - from;
		into[at++] = label;
		memcpy(into + at, from, label);
		at += label;
	}
	memcpy(into + at, "\0\0\1\0\1", 5);
	return at + 5;
}

static uint16_t word(const unsigned char *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

enum verdict judge(const unsigned char *answer, int length, uint32_t name, uint32_t addresses)
{
	unsigned char question[MESSAGE];
	int size = write_question(question, 0, name), at = size;
	uint32_t first = 0xc6130000u + 16 * name, seen = 0;

	if (length < size || (answer[2] & 0x80) == 0 || memcmp(answer + HEADER, question + HEADER, size - HEADER) != 0)
		return WRONG;
	if ((answer[3] & 15) != 0)
		return REFUSED;
	if (word(answer + 6) != addresses)
		return WRONG;
	/* Owners are pointers to the question; the order is the server's. */
	for (uint32_t i = 0; i < addresses; i++, at += 16) {
		uint32_t address;

		if (at + 16 > length || word(answer + at) != 0xc00c || word(answer + at + 2) != TYPE_A)
			return WRONG;
		memcpy(&address, answer + at + 12, sizeof(address));
		address = ntohl(address) - first;
		if (address >= addresses)
			return WRONG;
		seen |= 1u << address;
	}
	return seen == (1u << addresses) - 1 ? RIGHT : WRONG;
}
