// One of the processes that `kv.identity_rate` counts: allocates identities, or puts as many keys, when it is told to.
import { type Identities, openIdentities } from '../../../orchestrator/etcd/identity/identities.ts';
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import type { KvStore } from '../../../orchestrator/state/kv-store.ts';

export interface Order {
  readonly what: 'open' | 'allocate' | 'put' | 'close';
  readonly endpoint: string;
  /** All keys of a round lie below it. */
  readonly prefix: string;
  readonly node: string;
  readonly labels: readonly string[];
}

/** Calls of one process that are under way at once. */
const width = 32;
let opened: { store: KvStore; identities: Identities } | undefined;

process.on('message', async (order: Order) => {
  process.send!(await carryOut(order));
  if (order.what === 'close') process.disconnect();
});

async function carryOut({ what, endpoint, prefix, node, labels }: Order): Promise<number[]> {
  if (what === 'open') {
    await close();
    const store = await openEtcd({ endpoints: [endpoint], prefix });
    opened = { store, identities: await openIdentities({ store, node, cluster: 0 }) };
    return [];
  }
  if (what === 'close') await close();
  const { store, identities } = opened ?? {};
  if (what === 'allocate') return side(labels, (text) => identities!.allocate(text));
  if (what === 'put') return side(labels, async (text) => Number(await store!.put(`put/${node}/${text}`, Buffer.from(text))));
  return [];
}

async function close(): Promise<void> {
  await opened?.identities.close();
  await opened?.store.close();
  opened = undefined;
}

async function side(labels: readonly string[], act: (text: string) => Promise<number>): Promise<number[]> {
  const answers: number[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < labels.length; at = next++) answers[at] = await act(labels[at]);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers;
}
