// Number of the process that packets of a node run in, as it says it itself: in the sandbox's process namespace.

import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { AgentError } from '../errors.ts';

/** `path` is that of its control socket. Throws SANDBOX_FAILED when nobody answers there. */
export async function datapathPid(path: string): Promise<number> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    const lines = createInterface({ input: socket });
    const ended = once(socket, 'close').then(() => {
      throw new Error('it ended');
    });
    socket.write(`${JSON.stringify({ id: 1, call: 'status' })}\n`);
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    return (JSON.parse(line) as { readonly result: { readonly pid: number } }).result.pid;
  } catch (cause) {
    throw new AgentError('SANDBOX_FAILED', `sandbox: ${path}: no datapath process answers: ${(cause as Error).message}`, { cause });
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}
