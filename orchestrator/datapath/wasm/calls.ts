// Calls: the C functions behind shared memory, TUN devices and sockets, as koffi gives them. They are called for every packet, so
// nothing stands between: -1 is a failure, and `errno` says which, as in C.

import { AgentError } from '../../errors.ts';

type Koffi = typeof import('koffi');
type Call = (...values: (number | string)[]) => number;

/** Addresses and lengths are in bytes. */
export interface Calls {
  read(descriptor: number, address: number, length: number): number;
  write(descriptor: number, address: number, length: number): number;
  /** Waits for `timeoutMs`, -1: for ever. */
  epollWait(descriptor: number, events: number, most: number, timeoutMs: number): number;
  epollCreate(flags: number): number;
  epollControl(descriptor: number, operation: number, target: number, event: number): number;
  eventfd(initial: number, flags: number): number;
  ioctl(descriptor: number, request: number, argument: number): number;
  /** `address` 0: anywhere. The mapping's address, or -1. */
  mmap(address: number, length: number, protection: number, flags: number, descriptor: number, offset: number): number;
  flock(descriptor: number, operation: number): number;
  /** The same on a thread of koffi's pool, for a lock that may be long in coming; false when it was refused. */
  flockLater(descriptor: number, operation: number): Promise<boolean>;
  setns(descriptor: number, kind: number): number;
  /** 0: there is no such device in this thread's namespace. */
  interfaceIndex(name: string): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  connect(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, address: number, length: number): number;
  sendmsg(descriptor: number, message: number, flags: number): number;
  recvmsg(descriptor: number, message: number, flags: number): number;
  sendmmsg(descriptor: number, messages: number, count: number, flags: number): number;
  recvmmsg(descriptor: number, messages: number, count: number, flags: number, timeout: number): number;
  /** io_setup(2): a context for that many requests is written to `context`, a u64. -1 on machines whose numbers of calls are not known. */
  ioSetup(requests: number, context: number): number;
  /** io_submit(2): how many of the list were begun. */
  ioSubmit(context: number, count: number, list: number): number;
  close(descriptor: number): number;
  /** Ends this process at once. Node would wait for threads, which may wait for packets. */
  exit(status: number): never;
  /** Of the last call of this thread that failed. */
  errno(): number;
  /** Address of a buffer's first byte. */
  address(buffer: ArrayBufferView): number;
  /** Memory at an address; it must stay there. */
  view(address: number, length: number): ArrayBuffer;
}

/** io_setup and io_submit. */
const systemCalls: Readonly<Record<string, readonly [setup: number, submit: number]>> = { x64: [206, 209], arm64: [0, 2] };

let opened: Promise<Calls> | undefined;

/** Those of this thread, bound once. Rejects with FFI_MISSING where koffi or its binary for this machine is absent. */
export function openCalls(): Promise<Calls> {
  opened ??= bindCalls();
  return opened;
}

async function bindCalls(): Promise<Calls> {
  const koffi = await loadKoffi();
  const library = koffi.load('libc.so.6');
  const bound = (declaration: string): Call => library.func(declaration) as unknown as Call;
  const flock = library.func('int flock(int, int)');
  const system = bound('long syscall(long, uintptr_t, uintptr_t, uintptr_t)');
  const [setup, submit] = systemCalls[process.arch] ?? [-1, -1];
  const mmap = bound('intptr_t mmap(uintptr_t, size_t, int, int, int, long)');
  return {
    read: bound('long read(int, uintptr_t, size_t)'),
    write: bound('long write(int, uintptr_t, size_t)'),
    epollWait: bound('int epoll_wait(int, uintptr_t, int, int)'),
    epollCreate: bound('int epoll_create1(int)'),
    epollControl: bound('int epoll_ctl(int, int, int, uintptr_t)'),
    eventfd: bound('int eventfd(uint, int)'),
    ioctl: bound('int ioctl(int, ulong, uintptr_t)'),
    mmap: (...values) => Number(mmap(...values)),
    flock: flock as unknown as Call,
    flockLater: (descriptor, operation) =>
      new Promise((resolve, reject) => {
        flock.async(descriptor, operation, (error: Error | null, result: number) => (error ? reject(error) : resolve(result === 0)));
      }),
    setns: bound('int setns(int, int)'),
    interfaceIndex: bound('uint if_nametoindex(const char*)'),
    socket: bound('int socket(int, int, int)'),
    bind: bound('int bind(int, uintptr_t, uint)'),
    connect: bound('int connect(int, uintptr_t, uint)'),
    setsockopt: bound('int setsockopt(int, int, int, uintptr_t, uint)'),
    sendmsg: bound('long sendmsg(int, uintptr_t, int)'),
    recvmsg: bound('long recvmsg(int, uintptr_t, int)'),
    sendmmsg: bound('int sendmmsg(int, uintptr_t, uint, int)'),
    recvmmsg: bound('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
    ioSetup: (requests, context) => (setup < 0 ? -1 : system(setup, requests, context, 0)),
    ioSubmit: (context, count, list) => system(submit, context, count, list),
    close: bound('int close(int)'),
    exit: bound('void _exit(int)') as unknown as Calls['exit'],
    errno: () => koffi.errno(),
    address: (buffer) => Number(koffi.address(buffer)),
    view: (address, length) => koffi.view(address, length),
  };
}

async function loadKoffi(): Promise<Koffi> {
  try {
    const loaded = (await import('koffi')) as Koffi & { default?: Koffi };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new AgentError('FFI_MISSING', `koffi: not loadable: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}
