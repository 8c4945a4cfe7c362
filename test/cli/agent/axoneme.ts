// The command line as a process, while this process answers it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from '../../support/sources.ts';

export const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `sh -c` with `axoneme` as a command. `until`: what stdout has to show before it is ended. */
export function shell(command: string, socket: string, until?: RegExp): Promise<Ended> {
  const script = `axoneme() { ${until === undefined ? '' : 'exec '}"${process.execPath}" "${main}" "$@"; }; ${command}`;
  const environment = [`PATH=${process.env.PATH}`, `HOME=${process.env.HOME}`, `AXONEME_SOCKET=${socket}`];
  // The test runner puts itself into the environment of every child process; `env -i` takes it out again.
  const child = spawn('env', ['-i', ...environment, 'sh', '-c', script], { cwd: root });
  const { promise, resolve } = Promise.withResolvers<Ended>();
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (piece) => {
    stdout += piece;
    if (until?.test(stdout)) child.kill('SIGINT');
  });
  child.stderr.on('data', (piece) => (stderr += piece));
  child.on('close', (status) => resolve({ status, stdout, stderr }));
  return promise;
}
