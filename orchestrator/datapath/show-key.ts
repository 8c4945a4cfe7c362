// Keys in messages.

/** One line; 64-bit words in hexadecimal. */
export function showKey(key: unknown): string {
  return JSON.stringify(key, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field));
}
