// What is measured of the key-value store: identities that eight processes allocate at once from one etcd that waits for its disk.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { noEtcd, startEtcd } from '../../support/etcd.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import type { Order } from './worker.ts';

const processes = 8;
/** New identities of a round, and labels that every process asks for at the same time. */
const own = 6_400;
const contested = 100;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

export interface KvComparisons {
  readonly comparisons: Comparison[];
  close(): Promise<void>;
}

/** A sentence when there is no etcd to measure. */
export async function kvComparisons({ scale }: Effort): Promise<KvComparisons | string> {
  if (noEtcd) return noEtcd;
  const ends: (() => unknown)[] = [];
  const etcd = await startEtcd({ teardown: (act) => ends.push(act) }, { durable: true });
  const children = Array.from({ length: processes }, () => fork(worker));
  const perProcess = Math.ceil((own * scale) / processes);
  const shared = Array.from(
    { length: Math.ceil(contested * scale) },
    (_, at) => `k8s:app=shared-${at};k8s:io.kubernetes.pod.namespace=shop;`,
  );
  let round = 0;
  const everybody = (what: Order['what'], labels: (at: number) => string[]): Promise<number[][]> =>
    Promise.all(
      children.map((child, at) =>
        told(child, { what, endpoint: etcd.server.url, prefix: `${round}/`, node: `node${at}`, labels: labels(at) }),
      ),
    );
  const wanted = (at: number): string[] => {
    const mine = Array.from({ length: perProcess }, (_, number) => `k8s:app=a-${at}-${number};k8s:io.kubernetes.pod.namespace=shop;`);
    return [...mine.slice(0, perProcess >> 1), ...shared, ...mine.slice(perProcess >> 1)];
  };
  const rateOf = async (what: 'allocate' | 'put'): Promise<number> => {
    round++;
    await everybody('open', () => []);
    const from = performance.now();
    const answers = await everybody(what, wanted);
    const seconds = (performance.now() - from) / 1000;
    const distinct = perProcess * processes + shared.length;
    if (what === 'allocate') checkAnswers(answers, wanted, distinct);
    return (what === 'allocate' ? distinct : answers.flat().length) / seconds;
  };
  return {
    comparisons: [
      {
        metric: 'kv.identity_rate',
        baseline: { name: 'plain puts by the same processes', measure: () => rateOf('put') },
        measure: () => rateOf('allocate'),
      },
    ],
    async close() {
      await everybody('close', () => []);
      for (const end of ends) await end();
    },
  };
}

function checkAnswers(answers: number[][], wanted: (at: number) => string[], distinct: number): void {
  const numbers = new Map<string, number>();
  for (const [at, given] of answers.entries()) {
    for (const [index, labels] of wanted(at).entries()) {
      const before = numbers.get(labels);
      if (before !== undefined && before !== given[index]) throw new Error(`bench: kv.identity_rate: ${labels} has two numbers`);
      numbers.set(labels, given[index]);
    }
  }
  if (numbers.size !== distinct || new Set(numbers.values()).size !== distinct) {
    throw new Error(`bench: kv.identity_rate: ${new Set(numbers.values()).size} numbers for ${numbers.size} label sets of ${distinct}`);
  }
}

function told(child: ChildProcess, order: Order): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error('bench: kv.identity_rate: a process died'));
    child.once('exit', died);
    child.once('message', (answer) => {
      child.off('exit', died);
      resolve(answer as number[]);
    });
    child.send(order);
  });
}
