// Libc: the C functions that this room calls, through koffi. koffi is an optional dependency: without it there is no kernel mode, and
// `openLibc` says so. A failed call returns -errno, as the kernel itself does: an exception costs more than the call.

import { AgentError } from '../../errors.ts';

type Koffi = typeof import('koffi');

/** Memory is passed as an address (`address`): the buffer behind it must outlive the call, asynchronous calls included. */
export interface Libc {
  /** bpf(2): a file descriptor, a count, 0, or -errno. */
  bpf(command: number, attributes: number, size: number): number;
  /** The same on a thread of koffi's pool, for what has the kernel wait. */
  bpfLater(command: number, attributes: number, size: number): Promise<number>;
  /** Any system call of up to four arguments, by its number on x86-64; -errno when it failed. */
  syscall(call: SystemCall, a?: number, b?: number, c?: number, d?: number): number;
  open(path: string, flags: number): number;
  close(descriptor: number): number;
  read(descriptor: number, address: number, length: number): number;
  write(descriptor: number, address: number, length: number): number;
  /** Address of the mapping, or -errno. */
  mmap(length: number, protection: number, flags: number, descriptor: number, offset: number): number;
  munmap(address: number, length: number): number;
  /** memcpy(3). */
  copy(target: number, source: number, length: number): void;
  mount(source: string, target: string, type: string, flags: number, data: string | null): number;
  umount(target: string): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, address: number, length: number): number;
  /** `length` is the address of a u32 with the size of the value. */
  getsockopt(descriptor: number, level: number, name: number, address: number, length: number): number;
  send(descriptor: number, address: number, length: number): number;
  receive(descriptor: number, address: number, length: number): number;
  /** poll(2) on a thread of koffi's pool. */
  poll(descriptors: number, count: number, timeoutMs: number): Promise<number>;
  /** malloc_trim(3), on a thread of koffi's pool. */
  trim(): Promise<void>;
  /** Address of a buffer's first byte. */
  address(buffer: ArrayBufferView): number;
  /** Memory at an address as an ArrayBuffer; it must not be used once unmapped. */
  view(address: number, length: number): ArrayBuffer;
  readonly pageSize: number;
}

export type SystemCall = keyof (typeof systemCalls)['x64'];

const systemCalls = {
  x64: { bpf: 321, eventfd2: 290, ioctl: 16, sched_setaffinity: 203, sched_getaffinity: 204, getcpu: 309, unshare: 272, setns: 308 },
  arm64: { bpf: 280, eventfd2: 19, ioctl: 29, sched_setaffinity: 122, sched_getaffinity: 123, getcpu: 168, unshare: 97, setns: 268 },
} as const;

/** Of mmap. */
export const [protectRead, protectReadWrite, mapShared] = [1, 3, 1];
/** MNT_DETACH: readers of a file below do not keep the mount busy. */
const detachMount = 2;
/** _SC_PAGESIZE. */
const pageSizeName = 30;

let opened: Promise<Libc> | undefined;

/** Libc of this process, opened once. Rejects with FFI_MISSING where koffi or its binary for this machine is absent. */
export function openLibc(): Promise<Libc> {
  opened ??= loadKoffi().then(bindLibc);
  return opened;
}

export async function loadKoffi(): Promise<Koffi> {
  try {
    const loaded = (await import('koffi')) as Koffi & { default?: Koffi };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new AgentError('FFI_MISSING', `koffi: not loadable: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}

function bindLibc(koffi: Koffi): Libc {
  if (process.platform !== 'linux' || !(process.arch in systemCalls)) {
    throw new AgentError('FFI_MISSING', `libc: not a machine that kernel mode knows: ${process.platform} ${process.arch}`);
  }
  const numbers = systemCalls[process.arch as keyof typeof systemCalls];
  const library = loadGlibc(koffi);
  const bound = (declaration: string): ((...values: (number | string | null)[]) => number) => {
    const call = library.func(declaration);
    return (...values) => {
      const result = Number(call(...values));
      return result === -1 ? -koffi.errno() : result;
    };
  };
  const syscallDeclaration = 'long syscall(long, uintptr_t, uintptr_t, uintptr_t, uintptr_t)';
  const syscall = bound(syscallDeclaration);
  const syscallLater = library.func(syscallDeclaration);
  const umount2 = bound('int umount2(const char*, int)');
  const send = bound('long send(int, uintptr_t, size_t, int)');
  const receive = bound('long recv(int, uintptr_t, size_t, int)');
  const poll = library.func('int poll(uintptr_t, ulong, int)');
  const trim = library.func('int malloc_trim(size_t)');
  return {
    bpf: (command, attributes, size) => syscall(numbers.bpf, command, attributes, size, 0),
    bpfLater: (command, attributes, size) =>
      new Promise((resolve, reject) => {
        syscallLater.async(numbers.bpf, command, attributes, size, 0, (error: Error | null, result: number | bigint) => {
          if (error) return reject(error);
          // The other thread's errno stays there: what is refused is refused once more here, with the reason.
          resolve(Number(result) === -1 ? syscall(numbers.bpf, command, attributes, size, 0) : Number(result));
        });
      }),
    syscall: (call, a = 0, b = 0, c = 0, d = 0) => syscall(numbers[call], a, b, c, d),
    open: bound('int open(const char*, int)'),
    close: bound('int close(int)'),
    read: bound('long read(int, uintptr_t, size_t)'),
    write: bound('long write(int, uintptr_t, size_t)'),
    mmap: bound('intptr_t mmap(uintptr_t, size_t, int, int, int, long)').bind(undefined, 0),
    munmap: bound('int munmap(uintptr_t, size_t)'),
    copy: library.func('void memcpy(uintptr_t, uintptr_t, size_t)'),
    mount: bound('int mount(const char*, const char*, const char*, ulong, const char*)'),
    umount: (target) => umount2(target, detachMount),
    socket: bound('int socket(int, int, int)'),
    bind: bound('int bind(int, uintptr_t, uint)'),
    setsockopt: bound('int setsockopt(int, int, int, uintptr_t, uint)'),
    getsockopt: bound('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
    send: (descriptor, address, length) => send(descriptor, address, length, 0),
    receive: (descriptor, address, length) => receive(descriptor, address, length, 0),
    poll: (descriptors, count, timeoutMs) =>
      new Promise((resolve, reject) => {
        poll.async(descriptors, count, timeoutMs, (error: Error | null, ready: number) => (error ? reject(error) : resolve(ready)));
      }),
    trim: () =>
      new Promise((resolve, reject) => {
        trim.async(0, (error: Error | null) => (error ? reject(error) : resolve()));
      }),
    address: (buffer) => Number(koffi.address(buffer)),
    view: (address, length) => koffi.view(address, length),
    pageSize: Number(library.func('long sysconf(int)')(pageSizeName)),
  };
}

function loadGlibc(koffi: Koffi): ReturnType<Koffi['load']> {
  try {
    return koffi.load('libc.so.6');
  } catch (cause) {
    throw new AgentError('FFI_MISSING', 'libc.so.6: not found: kernel mode needs the GNU C library', { cause });
  }
}
