// Successor: another supervisor, which takes the sockets from whoever starts it and has a child of its own take over. It outlives who started it.

import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { inheritance, type ListeningSockets } from './listening.ts';

export interface Successor {
  /** Ends it, and its child. */
  stop(): void;
}

/** `ended` hears of its end, while this process lives. */
export function startSuccessor(
  [file = '', ...before]: readonly string[],
  args: readonly string[],
  sockets: ListeningSockets,
  ended: (pid: number, how: string) => void,
): Successor {
  const child = spawn(file, [...before, 'dns-proxy', ...args, '--inherits'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', ...inheritance(sockets)],
  });
  child.unref();
  child.once('error', ({ message }) => ended(0, message));
  child.once('exit', (code, signal) => ended(child.pid ?? 0, signal ?? `status ${code}`));
  return { stop: () => void child.kill('SIGTERM') };
}

/** Whether somebody answers clients. */
export function isServed(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(join(folder, 'control.sock'));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
