// Errno: the kernel's error numbers that this room meets, by name and in words.

export const errno = {
  perm: 1,
  noent: 2,
  toobig: 7,
  again: 11,
  nomem: 12,
  busy: 16,
  exist: 17,
  nodev: 19,
  inval: 22,
  nospc: 28,
  nolink: 67,
} as const;

const names: Record<number, [name: string, words: string]> = {
  1: ['EPERM', 'not permitted'],
  2: ['ENOENT', 'not found'],
  4: ['EINTR', 'interrupted'],
  7: ['E2BIG', 'full or too large'],
  9: ['EBADF', 'bad file descriptor'],
  11: ['EAGAIN', 'try again'],
  12: ['ENOMEM', 'out of memory, or over the locked-memory limit'],
  13: ['EACCES', 'access denied'],
  14: ['EFAULT', 'bad address'],
  16: ['EBUSY', 'busy'],
  17: ['EEXIST', 'exists already'],
  19: ['ENODEV', 'no such device'],
  20: ['ENOTDIR', 'not a directory'],
  22: ['EINVAL', 'not accepted by this kernel'],
  28: ['ENOSPC', 'no space'],
  38: ['ENOSYS', 'not known to this kernel'],
  67: ['ENOLINK', 'the device is gone'],
  95: ['EOPNOTSUPP', 'not supported by this kernel'],
  524: ['ENOTSUPP', 'not supported by this kernel'],
};

/** "EPERM (not permitted)" of 1 or -1. */
export function errnoText(number: number): string {
  const known = names[Math.abs(number)];
  return known === undefined ? `errno ${Math.abs(number)}` : `${known[0]} (${known[1]})`;
}
