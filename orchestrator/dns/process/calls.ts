// Calls: the C functions behind this process's sockets, as koffi gives them. They are called for every batch of datagrams, so nothing
// stands between: -1 is a failure, and `errno` says which, as in C. Addresses and lengths are in bytes.

import { AgentError } from '../../errors.ts';

type Koffi = typeof import('koffi');
type Call = (...values: number[]) => number;

export interface Calls {
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  listen(descriptor: number, backlog: number): number;
  getsockname(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, address: number, length: number): number;
  getsockopt(descriptor: number, level: number, name: number, address: number, length: number): number;
  recvmmsg(descriptor: number, messages: number, count: number, flags: number, timeout: number): number;
  sendmmsg(descriptor: number, messages: number, count: number, flags: number): number;
  epollCreate(flags: number): number;
  epollControl(descriptor: number, operation: number, target: number, event: number): number;
  epollWait(descriptor: number, events: number, most: number, timeoutMs: number): number;
  close(descriptor: number): number;
  flock(descriptor: number, operation: number): number;
  /** Gives memory that was freed back to the host, in another thread; then calls `done`. */
  trim(done: () => void): void;
  /** Of the last call of this thread that failed. */
  errno(): number;
  /** Address of a buffer's first byte. The buffer must outlive its use. */
  address(buffer: ArrayBufferView): number;
  readonly eventLoop: EventLoop;
}

/** Node's own event loop, as its library offers it to who waits for something beside it (uv_backend_fd). */
export interface EventLoop {
  /** Readable when the loop has something to do. */
  readonly descriptor: number;
  /** Milliseconds until it has something to do though nothing is readable, 0: now, -1: never. */
  timeout(): number;
}

let opened: Promise<Calls> | undefined;

/** Bound once. Rejects with FFI_MISSING where koffi, or what it should bind, is absent. */
export function openCalls(): Promise<Calls> {
  opened ??= bindCalls();
  return opened;
}

async function bindCalls(): Promise<Calls> {
  try {
    const loaded = (await import('koffi')) as Koffi & { default?: Koffi };
    const koffi = loaded.default ?? loaded;
    const library = koffi.load('libc.so.6');
    const bound = (declaration: string): Call => library.func(declaration) as unknown as Call;
    const trim = library.func('int malloc_trim(size_t)') as unknown as { async(pad: number, done: () => void): void };
    return {
      socket: bound('int socket(int, int, int)'),
      bind: bound('int bind(int, uintptr_t, uint)'),
      listen: bound('int listen(int, int)'),
      getsockname: bound('int getsockname(int, uintptr_t, uintptr_t)'),
      setsockopt: bound('int setsockopt(int, int, int, uintptr_t, uint)'),
      getsockopt: bound('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
      recvmmsg: bound('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
      sendmmsg: bound('int sendmmsg(int, uintptr_t, uint, int)'),
      epollCreate: bound('int epoll_create1(int)'),
      epollControl: bound('int epoll_ctl(int, int, int, uintptr_t)'),
      epollWait: bound('int epoll_wait(int, uintptr_t, int, int)'),
      close: bound('int close(int)'),
      flock: bound('int flock(int, int)'),
      trim: (done) => trim.async(0, done),
      errno: () => koffi.errno(),
      address: (buffer) => Number(koffi.address(buffer)),
      eventLoop: bindEventLoop(koffi),
    };
  } catch (cause) {
    throw new AgentError('FFI_MISSING', `koffi: not usable: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}

function bindEventLoop(koffi: Koffi): EventLoop {
  const own = koffi.load(null);
  const loop = (own.func('uintptr_t uv_default_loop()') as unknown as Call)();
  const update = own.func('void uv_update_time(uintptr_t)') as unknown as Call;
  const timeout = own.func('int uv_backend_timeout(uintptr_t)') as unknown as Call;
  return {
    descriptor: (own.func('int uv_backend_fd(uintptr_t)') as unknown as Call)(loop),
    timeout() {
      update(loop);
      return timeout(loop);
    },
  };
}
