// Load: a pod that opens connections to another one without a pause, many at a time, and keeps some open all along.

import { createInterface } from 'node:readline';
import type { SandboxCluster } from '../../sandbox/sandbox.ts';

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly kept: number;
  readonly broken: number;
  /** What went wrong first. */
  readonly why: string;
}

export interface Load {
  end(): Promise<LoadResult>;
}

/** Runs in the pod: `url`, new connections at a time, connections that stay. */
const program = `
const { Agent, get } = require('node:http');
const [url, width, kept] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
const count = { requests: 0, failed: 0, kept: 0, broken: 0, why: '' };
let over = false;
const ask = (agent) => new Promise((done) => {
  const fail = (why) => { count.why ||= why; done(false); };
  const good = (answer) => answer.statusCode === 200 ? done(true) : fail('status ' + answer.statusCode);
  const asked = get(url, { agent, timeout: 5000 }, (answer) => { answer.resume(); answer.on('end', () => good(answer)); answer.on('error', ({ message }) => fail(message)); });
  asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')));
  asked.on('error', ({ message }) => fail(message));
});
const fresh = async () => { while (!over) { const good = await ask(false); count.requests += 1; if (!good) count.failed += 1; } };
const keep = async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  count.kept += 1;
  let sockets = 0;
  agent.createConnection = ((make) => function (...words) { sockets += 1; return make.apply(this, words); })(agent.createConnection);
  while (!over) { if (!(await ask(agent)) || sockets > 1) { count.broken += 1; return; } await new Promise((done) => setTimeout(done, 100)); }
  agent.destroy();
};
console.log('ready');
const all = [...Array.from({ length: width }, fresh), ...Array.from({ length: kept }, keep)];
process.stdin.resume();
process.stdin.on('end', async () => { over = true; await Promise.all(all); console.log(JSON.stringify(count)); process.exit(0); });
`;

export async function startLoad(cluster: SandboxCluster, pod: string, url: string, { width = 10, kept = 20 } = {}): Promise<Load> {
  const child = cluster.spawn(pod, [process.execPath, '-e', program, url, `${width}`, `${kept}`], { timeoutMs: 0 });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async end() {
      child.stdin.end();
      const { value } = await lines.next();
      return JSON.parse(value ?? '{"requests":0,"failed":0,"kept":0,"broken":0,"why":"it ended early"}');
    },
  };
}
