// The demo: a cluster of two nodes on this machine, a small shop under policy, a policy changed while it runs, names of the world, an agent
// killed under load. Everything is real: packets, agents, an API server, a key-value store.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kubectl } from '../../sandbox/rootless.ts';
import type { Progress, Sandbox, SandboxCluster } from '../../sandbox/sandbox.ts';
import { invocation } from '../invocation.ts';
import type { Paint } from '../paint.ts';
import { type Answer, type Question, Story } from './connection.ts';
import { startLoad } from './load.ts';
import { names, namesPass } from './names.ts';

export interface DemoOptions {
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** Leaves the sandbox up. */
  readonly keep: boolean;
  open(folder: string, progress: (progress: Progress) => void): Promise<Sandbox>;
}

const shop = fileURLToPath(new URL('shop/', import.meta.url));

const questions: readonly Question[] = [
  { from: 'town/visitor', url: 'http://web.shop.svc.cluster.local', allowed: true },
  { from: 'shop/web', url: 'http://cart.shop.svc.cluster.local', allowed: true },
  { from: 'shop/cart', url: 'http://db.shop.svc.cluster.local:5432', allowed: true },
  { from: 'town/visitor', url: 'http://cart.shop.svc.cluster.local', allowed: false },
  { from: 'shop/web', url: 'http://db.shop.svc.cluster.local:5432', allowed: false },
  { from: 'town/visitor', url: 'http://192.0.2.1', allowed: true },
  { from: 'shop/web', url: 'http://192.0.2.1', allowed: false },
];

/** The status: 0 when everything went as told. */
export async function demo(options: DemoOptions): Promise<number> {
  const { write, paint, keep } = options;
  const begun = Date.now();
  write(`${paint.strong('A cluster of two nodes on this machine, and a small shop in it')}\n`);
  const sandbox = await options.open(shop, ({ part, message, ms }) => write(`  ${seconds(ms).padStart(6)}  ${part}: ${message}\n`));
  try {
    const [cluster] = sandbox.clusters;
    const acts = [connections, change, lookups, outage];
    let isAsTold = true;
    for (const act of acts) isAsTold = (await act(cluster, options)) && isAsTold;
    write(
      `\n${isAsTold ? paint.good('Everything went as told') : paint.bad('Not everything went as told')}, in ${seconds(Date.now() - begun)}.\n`,
    );
    write(howToGoOn(sandbox, options));
    return isAsTold ? 0 : 1;
  } finally {
    if (keep) sandbox.close();
    else await sandbox.down();
  }
}

async function connections(cluster: SandboxCluster, { write, paint }: DemoOptions): Promise<boolean> {
  write(`\n${paint.strong('1. Under its policies')}\n`);
  const story = new Story(cluster);
  const answers: Answer[] = [];
  for (const question of questions) answers.push(await story.ask(question));
  const what = ({ from, url }: Answer) => `${from} → ${url.replace('http://', '').replace('.svc.cluster.local', '')}`;
  return table(
    answers.map((answer) => ({ ...answer, what: what(answer) })),
    { write, paint },
  );
}

function table(answers: readonly (Answer & { readonly what: string })[], { write, paint }: Pick<DemoOptions, 'write' | 'paint'>): boolean {
  const rows = answers.map(({ what, passed, allowed, decidedBy }) => [
    what,
    passed ? 'allowed' : 'denied',
    passed === allowed ? decidedBy : `${decidedBy}; it should be ${allowed ? 'allowed' : 'denied'}`,
  ]);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at].length)));
  for (const [who, verdict, why] of rows) {
    const painted = verdict === 'allowed' ? paint.good(verdict.padEnd(widths[1])) : paint.bad(verdict.padEnd(widths[1]));
    write(`  ${who.padEnd(widths[0])}  ${painted}  ${why}\n`);
  }
  return answers.every(({ passed, allowed }) => passed === allowed);
}

async function change(cluster: SandboxCluster, { write, paint }: DemoOptions): Promise<boolean> {
  write(`\n${paint.strong('2. A policy comes and goes while everything runs')}\n`);
  const story = new Story(cluster);
  const yaml = readFileSync(`${shop}/open-cart.yaml`, 'utf8');
  const until = async (wanted: boolean): Promise<number | undefined> => {
    const begun = performance.now();
    while (performance.now() - begun < 20_000) {
      if ((await story.passes(questions[3])) === wanted) return performance.now() - begun;
    }
    return undefined;
  };
  await cluster.apply(yaml);
  const opened = await until(true);
  write(`  open-cart applied: the visitor ${opened === undefined ? paint.bad('still does not reach') : paint.good('reaches')} the cart\n`);
  await cluster.delete(yaml);
  const closed = await until(false);
  write(
    `  open-cart deleted: the visitor ${closed === undefined ? paint.bad('still reaches') : paint.good('no longer reaches')} the cart\n`,
  );
  return opened !== undefined && closed !== undefined;
}

async function lookups(cluster: SandboxCluster, { write, paint }: DemoOptions): Promise<boolean> {
  write(`\n${paint.strong('3. Two pods may look up *.domain.com, and reach what they are told')}\n`);
  return table(await names(cluster), { write, paint });
}

async function outage(cluster: SandboxCluster, { write, paint }: DemoOptions): Promise<boolean> {
  write(`\n${paint.strong("4. The agent of the cart's node is killed under load, and comes back")}\n`);
  const load = await startLoad(cluster, 'shop/web', 'http://cart.shop.svc.cluster.local');
  const node = cluster.node('b');
  await sleep(1_000);
  await node.killAgent();
  write('  killed (SIGKILL); new connections go on\n');
  const [lookedUp] = await Promise.all([namesPass(cluster), sleep(2_000)]);
  write(`  names: ${lookedUp ? paint.good('looked up, refused and reached as before') : paint.bad('not as before')}\n`);
  const begun = Date.now();
  await node.startAgent();
  write(`  started again, healthy after ${seconds(Date.now() - begun)}\n`);
  await sleep(500);
  const { requests, failed, kept, broken, why } = await load.end();
  const isGood = requests > 0 && failed === 0 && broken === 0;
  const fault = why === '' ? '' : ` (first: ${why})`;
  const words = `${requests} new connections, ${failed} failed; ${kept} that stayed open, ${broken} broken${fault}`;
  write(`  ${isGood ? paint.good(words) : paint.bad(words)}\n`);
  return isGood && lookedUp;
}

function howToGoOn({ name }: Sandbox, { keep, paint }: DemoOptions): string {
  const again = `${invocation.startsWith('npm ') ? 'npm start --' : `${invocation} demo`} --keep`;
  const rows = keep
    ? [
        [`${invocation} sandbox exec -s ${name} east/town/visitor -- curl -s -m 1 web.shop`, 'ask what you like'],
        [`${invocation} sandbox exec -s ${name} east/b -- axoneme monitor`, 'what the agent of a node decides, and why'],
        [
          `${invocation} sandbox exec -s ${name} east/b -- axoneme policy explain --live --from town/visitor --to shop/cart --port http`,
          'why a connection would pass, or not',
        ],
        [`${invocation} sandbox apply -s ${name} -c east -f FILE`, 'a policy of yours'],
        [`${invocation} sandbox kubeconfig -s ${name} east > east.yaml`, `for ${kubectl('east.yaml')}`],
        [`${invocation} sandbox status ${name}`, 'what runs'],
        [`${invocation} sandbox down ${name}`, 'away with all of it'],
      ]
    : [
        [again, 'the same, and it stays up'],
        [`${invocation} policy explain --help`, 'why a connection would be denied, before it is'],
      ];
  return `\nHow to go on:\n${rows.map(([command, sentence]) => `  ${paint.faint(`# ${sentence}`)}\n  ${command}\n`).join('')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
