// Submission: many reads and writes of descriptors in one system call (io_submit), which runs them one after another before it returns: for
// descriptors that never wait, TUN devices among them, nothing is left for later. What became of each lies in memory shared with the kernel.

import type { Calls } from '../calls.ts';

export const operation = { write: 1, readParts: 7 } as const;

/** struct iocb and struct io_event, in words. */
const [requestWords, eventWords] = [16, 8];
const field = { id: 0, operation: 4, descriptor: 5, buffer: 6, length: 8 } as const;
const event = { id: 0, result: 4 } as const;
/** struct aio_ring. */
const ring = { entries: 1, head: 2, tail: 3, magic: 4, incompatible: 6, headerBytes: 7, events: 8 } as const;
const magic = 0xa10a10a1 | 0;
/** EAGAIN, EIO. */
const [empty, failed] = [11, 5];
/** EFD_NONBLOCK. */
const nonBlocking = 0x800;

export interface Submission {
  /** By request: bytes, or -errno. */
  readonly results: Int32Array;
  /** Says once what a request does, all but its descriptor and, for a write, its length. */
  prepare(request: number, operation: number, address: number, length: number): void;
  setDescriptor(request: number, descriptor: number): void;
  setLength(request: number, length: number): void;
  /** Puts a request at a place of the list. */
  list(place: number, request: number): void;
  /** Runs those at the first `count` places, in their order. */
  run(count: number): void;
}

/** For that many requests; undefined where the kernel, or who guards it, does not let this process do so. */
export function openSubmission(calls: Calls, requests: number): Submission | undefined {
  const context = new BigUint64Array(1);
  if (calls.ioSetup(2 * requests, calls.address(context)) < 0) return undefined;
  const shared = sharedRing(calls, Number(context[0]));
  if (shared === undefined) return undefined;
  const submission = bind(calls, Number(context[0]), shared, requests);
  return isUsable(calls, submission) ? submission : undefined;
}

/** Undefined for a kernel that has another kind of ring than those known. */
function sharedRing(calls: Calls, address: number): Int32Array | undefined {
  const header = new Int32Array(calls.view(address, ring.events * 4));
  if (header[ring.magic] !== magic || header[ring.incompatible] !== 0 || header[ring.headerBytes] !== ring.events * 4) return undefined;
  return new Int32Array(calls.view(address, (ring.events + (header[ring.entries] as number) * eventWords) * 4));
}

function bind({ ioSubmit, address }: Calls, context: number, shared: Int32Array, count: number): Submission {
  const entries = shared[ring.entries] as number;
  const requests = new Int32Array(new ArrayBuffer(count * requestWords * 4));
  const pointers = new BigUint64Array(new ArrayBuffer(count * 8));
  const words = new Int32Array(pointers.buffer);
  const order = new Int32Array(count);
  const results = new Int32Array(count);
  const [requestsAt, listAt] = [address(requests), address(pointers)];
  // Addresses of requests, in halves: numbers of 64 bits are on the heap.
  const addresses = new Int32Array(BigUint64Array.from({ length: count }, (_, at) => BigInt(requestsAt + at * requestWords * 4)).buffer);

  const collect = (): void => {
    const tail = shared[ring.tail] as number;
    let head = shared[ring.head] as number;
    while (head !== tail) {
      const at = ring.events + head * eventWords;
      results[shared[at + event.id] as number] = shared[at + event.result] as number;
      head = head + 1 === entries ? 0 : head + 1;
    }
    shared[ring.head] = head;
  };
  return {
    results,
    prepare(request, operation, buffer, length) {
      const at = request * requestWords;
      requests[at + field.id] = request;
      requests[at + field.operation] = operation;
      requests[at + field.length] = length;
      new DataView(requests.buffer).setBigUint64((at + field.buffer) * 4, BigInt(buffer), true);
    },
    setDescriptor: (request, descriptor) => {
      requests[request * requestWords + field.descriptor] = descriptor;
    },
    setLength: (request, length) => {
      requests[request * requestWords + field.length] = length;
    },
    list: (place, request) => {
      order[place] = request;
      words[2 * place] = addresses[2 * request] as number;
      words[2 * place + 1] = addresses[2 * request + 1] as number;
    },
    run(many) {
      for (let at = 0; at < many; ) {
        const done = ioSubmit(context, many - at, at === 0 ? listAt : listAt + 8 * at);
        // The first of them was refused before it was tried; those behind it were not.
        if (done <= 0) results[order[at] as number] = -failed;
        at += Math.max(done, 1);
      }
      collect();
    },
  };
}

/** Reads where there is nothing: the answer must come at once, and be that. */
function isUsable(calls: Calls, submission: Submission): boolean {
  const descriptor = calls.eventfd(0, nonBlocking);
  if (descriptor < 0) return false;
  const value = new BigUint64Array(new ArrayBuffer(8));
  const part = BigUint64Array.of(BigInt(calls.address(value)), 8n);
  submission.prepare(0, operation.readParts, calls.address(part), 1);
  submission.setDescriptor(0, descriptor);
  submission.list(0, 0);
  submission.run(1);
  calls.close(descriptor);
  return submission.results[0] === -empty;
}
