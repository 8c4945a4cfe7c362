/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CRC32c: SCTP's checksum after its ports changed. A CRC is linear: equal changes of the data change it equally, whatever the rest
 * is, so only the changed word and its distance from the end matter, and no byte of the payload is read. Both functions are global:
 * the verifier then walks their loops once, for any argument, and not anew on every path that calls them. */
#pragma once
#include "types.h"

/* Castagnoli's polynomial, bits reflected: bit 31 stands for x^0. */
#define CRC32C_POLYNOMIAL 0x82f63b78
#define CRC32C_ONE 0x80000000
/* x^8: one byte further from the end. */
#define CRC32C_BYTE 0x00800000
#define CRC32C_BITS 32
/* Bits of a packet's length. */
#define CRC32C_LENGTH_BITS 16

/* Product of two polynomials modulo the CRC's. Without a branch on data: the verifier would follow both ways of each. */
__noinline __u32 crc32c_multiply(__u32 left, __u32 right)
{
	__u32 product = 0, bit;

	for (bit = 0; bit < CRC32C_BITS; bit++) {
		product ^= right & -(left >> (CRC32C_BITS - 1));
		left <<= 1;
		right = right >> 1 ^ (CRC32C_POLYNOMIAL & -(right & 1));
	}
	return product;
}

/* What to xor into the CRC (as the wire has it, read little-endian) when the first 32-bit word of `length` bytes changes by `change`. */
__noinline __u32 crc32c_of_word_change(__u32 change, __u32 length)
{
	__u32 distance = CRC32C_ONE, power = CRC32C_BYTE, bit;

	for (bit = 0; bit < CRC32C_LENGTH_BITS; bit++) {
		__u32 taken = -(length >> bit & 1);

		distance = (crc32c_multiply(distance, power) & taken) | (distance & ~taken);
		power = crc32c_multiply(power, power);
	}
	return crc32c_multiply(distance, change);
}
