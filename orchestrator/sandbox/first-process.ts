// The first process of a sandbox: number 1 of its own process namespace, so that the kernel ends everything with it, and with mounts of
// its own, so that nothing of them is seen or left outside. It runs the supervisor and buries the dead.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { supervisorCgroup } from './cgroup-tree.ts';
import { processId } from './process-id.ts';
import { environment, program } from './program.ts';
import { type Record, writeRecord } from './record.ts';
import { relayLine } from './relay.ts';

/**
 * It waits for a word, which is given once its number is on record. The host's /run is hidden, but for our folder: nodes have their own.
 * The folder is bound by a descriptor, because its path is hidden by then. Descriptor 4, where there is one, is for it alone: a relay ends with it.
 */
const script = `
set -e
read go
if [ -n "$CGROUP" ]; then echo $$ > "$CGROUP/cgroup.procs"; fi
cd "$FOLDER"
mount -t tmpfs -o mode=755 axoneme-sandbox /run
mkdir -p "$FOLDER" /run/axoneme /run/lock
mount -c --bind /proc/self/cwd "$FOLDER"
cd /
"$@" < /dev/null 4>&- &
child=$!
trap 'kill -TERM $child' TERM
set +e
wait $child
`;

export const logFile = (folder: string): string => join(folder, 'supervisor.log');

/** Starts it; the record has its number when this resolves. Throws SANDBOX_FAILED. */
export async function startFirstProcess(record: Record, { tied }: { readonly tied: boolean }): Promise<Record> {
  const output = openSync(logFile(record.folder), 'a');
  const words = ['--pid', '--fork', '--kill-child', '--mount', '--mount-proc', 'sh', '-c', script, 'sh'];
  const child = spawn('unshare', [...words, ...program(), 'sandbox-supervisor', record.folder], {
    // The fourth end is for those whom the sandbox must not outlive.
    stdio: ['pipe', output, output, tied ? 'pipe' : 'ignore', ...relayLines()],
    detached: true,
    env: { ...environment(), FOLDER: record.folder, CGROUP: record.cgroup === undefined ? '' : supervisorCgroup(record.cgroup) },
    cwd: '/',
  });
  closeSync(output);
  const started = await recorded(child, record);
  child.stdin!.on('error', () => {});
  child.stdin!.end('go\n');
  child.unref();
  (child.stdio[3] as { unref?: () => void } | null)?.unref?.();
  return started;
}

/** Node hands on what it is told to, and nothing else. */
function relayLines(): number[] {
  const line = process.env[relayLine];
  return line === undefined ? [] : [Number(line)];
}

async function recorded(child: ChildProcess, record: Record): Promise<Record> {
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  for (const end = Date.now() + 5_000; Date.now() < end && failure === undefined; ) {
    const [pid] = childrenOf(child.pid ?? 0);
    const [first, outer] = [processId(pid), processId(child.pid ?? 0)];
    if (first !== undefined && outer !== undefined) {
      const started = { ...record, first, outer };
      writeRecord(started);
      return started;
    }
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill('SIGKILL');
  throw new AgentError('SANDBOX_FAILED', `sandbox: ${record.name}: its first process did not start: ${failure ?? lastLine(record.folder)}`);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function lastLine(folder: string): string {
  return readFileSync(logFile(folder), 'utf8').trim().split('\n').pop() || 'no reason was told';
}
