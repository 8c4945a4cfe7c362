// Flooding: a pod that asks all the time, as tests start and end it; and the processes that a process has started.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Flooded } from './flood.ts';
import { type Pod, waitFor } from './world.ts';

/** Questions of a pod to a server, until the function that comes back is called. */
export function flood(server: string, pod: Pod, rate: number): () => Promise<Flooded> {
  const program = fileURLToPath(new URL('flood.ts', import.meta.url));
  const child = spawn('nsenter', [`--net=${pod.netns.path}`, process.execPath, program, server, String(rate)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  return async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.end();
    await ended;
    return JSON.parse(text) as Flooded;
  };
}

/** None of one that has ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The process that writes a proxy's log, once it does so: what it is has replaced what started it. */
export const writerOf = (pid: number): Promise<number> =>
  waitFor(() =>
    childrenOf(pid).find(
      (child) => existsSync(`/proc/${child}/cmdline`) && readFileSync(`/proc/${child}/cmdline`).includes('dns-log-writer'),
    ),
  );
