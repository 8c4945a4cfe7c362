// Programs as a user starts them. The test runner puts itself into the environment of every child process, whatever it is given;
// `env -i` takes it out again, and leaves only where compiled sources are kept.
import { spawnSync } from 'node:child_process';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs with this environment and nothing else; PATH (on which the program is looked for) and HOME are this process's unless given. */
export function runAsUser(program: string, args: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): Ended {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const whole = { PATH, HOME, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...environment };
  const assignments = Object.entries(whole).map(([name, value]) => `${name}=${value ?? ''}`);
  const { status, stdout, stderr } = spawnSync('env', ['-i', ...assignments, program, ...args], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}
