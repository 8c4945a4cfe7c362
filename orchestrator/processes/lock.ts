// Lock: a file that one process at a time has locked, until it ends, however it ends.

import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { AgentError } from '../errors.ts';

/** Beside the socket and the files of a process that is apart from the agent: whoever watches over it has this one. */
export const supervisorLock = 'supervisor.lock';

/** LOCK_EX, LOCK_NB of flock(2). */
const [exclusive, atOnce] = [2, 4];
/** EWOULDBLOCK: somebody has it. */
const wouldBlock = 11;

/** The C functions behind it: -1 is a failure, and `errno` says which. */
export interface LockCalls {
  flock(descriptor: number, operation: number): number;
  errno(): number;
}

export interface WaitingLockCalls extends LockCalls {
  /** Waits on another thread; false when it was refused. */
  flockLater(descriptor: number, operation: number): Promise<boolean>;
}

export interface Lock extends Disposable {
  /** Leaves this process's number in the file, for whoever wants to know who has it. */
  sign(): void;
}

/** Undefined when somebody has it. Throws LOCK_UNUSABLE where files cannot be locked. */
export function takeLock(calls: LockCalls, path: string): Lock | undefined {
  const descriptor = open(path);
  if (calls.flock(descriptor, exclusive | atOnce) === 0) return lockOf(descriptor);
  const errno = calls.errno();
  closeSync(descriptor);
  if (errno === wouldBlock) return undefined;
  throw unusable(path, `errno ${errno}`);
}

/** Has this thread wait until nobody has it. Throws LOCK_UNUSABLE. */
export function awaitLock(calls: LockCalls, path: string): Lock {
  const descriptor = open(path);
  if (calls.flock(descriptor, exclusive) === 0) return lockOf(descriptor);
  const errno = calls.errno();
  closeSync(descriptor);
  throw unusable(path, `errno ${errno}`);
}

/** As `awaitLock`, while this thread goes on. */
export async function awaitLockLater(calls: WaitingLockCalls, path: string): Promise<Lock> {
  const descriptor = open(path);
  if (await calls.flockLater(descriptor, exclusive)) return lockOf(descriptor);
  closeSync(descriptor);
  throw unusable(path, 'the system refused to wait');
}

function open(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
}

function unusable(path: string, why: string): AgentError {
  return new AgentError(
    'LOCK_UNUSABLE',
    `lock: ${path}: cannot be locked: ${why}: its folder must be one of a file system that has flock(2)`,
  );
}

function lockOf(descriptor: number): Lock {
  return {
    sign() {
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid}\n`, 0);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
