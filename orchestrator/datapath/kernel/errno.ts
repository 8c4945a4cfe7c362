// Errno: the kernel's error numbers that this room meets, by name and in words.

export const errno = {
  perm: 1,
  noent: 2,
  srch: 3,
  toobig: 7,
  again: 11,
  nomem: 12,
  access: 13,
  busy: 16,
  exist: 17,
  nodev: 19,
  inval: 22,
  nospc: 28,
  nolink: 67,
  addressNotAvailable: 99,
} as const;

const names: Record<number, [name: string, words: string]> = {
  1: ['EPERM', 'not permitted'],
  2: ['ENOENT', 'not found'],
  3: ['ESRCH', 'no such entry'],
  4: ['EINTR', 'interrupted'],
  6: ['ENXIO', 'no such device'],
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
  23: ['ENFILE', 'too many open files on this host'],
  24: ['EMFILE', 'too many open files in this process'],
  28: ['ENOSPC', 'no space'],
  30: ['EROFS', 'read-only file system'],
  34: ['ERANGE', 'out of range'],
  38: ['ENOSYS', 'not known to this kernel'],
  67: ['ENOLINK', 'the device is gone'],
  93: ['EPROTONOSUPPORT', 'protocol not supported by this kernel'],
  95: ['EOPNOTSUPP', 'not supported by this kernel'],
  97: ['EAFNOSUPPORT', 'address family not supported here'],
  98: ['EADDRINUSE', 'in use already'],
  99: ['EADDRNOTAVAIL', 'no such address'],
  100: ['ENETDOWN', 'the device is down'],
  101: ['ENETUNREACH', 'not reachable'],
  105: ['ENOBUFS', 'no buffer space'],
  113: ['EHOSTUNREACH', 'no way to the gateway'],
  524: ['ENOTSUPP', 'not supported by this kernel'],
};

/** "EPERM (not permitted)" of 1 or -1. */
export function errnoText(number: number): string {
  const known = names[Math.abs(number)];
  return known === undefined ? `errno ${Math.abs(number)}` : `${known[0]} (${known[1]})`;
}
