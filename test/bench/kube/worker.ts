// A process of its own that brings all pods of a server into a table, or only takes the same bytes and parses them, and says how long it
// took and how many megabytes it had at most above those of the idle process. Arguments: sync or parse, the server, how many pods.
import { keepHeapSmall } from '../../../orchestrator/heap.ts';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import { Reflector } from '../../../orchestrator/sources/kubernetes/reflector.ts';
import { resources } from '../../../orchestrator/sources/kubernetes/resource.ts';
import { type PodRow, podRow, podShape } from '../../../orchestrator/sources/kubernetes/rows/pods.ts';
import { tableSink } from '../../../orchestrator/sources/kubernetes/sink.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import { openTable } from '../../../orchestrator/state/table.ts';

const [what, url, count] = process.argv.slice(2);
const counts = new Counts();
const credentials = { server: new URL(url), options: async () => ({}), renew: async () => {}, close: () => {} };
const transport = new Transport({ credentials, clock: realClock, counts });
const stopping = new AbortController();
// As the product's commands begin; the baseline is what a plain process has.
if (what === 'sync') keepHeapSmall();
const idle = process.memoryUsage.rss();
const from = performance.now();
const had = what === 'sync' ? await sync() : await parse();
const seconds = (performance.now() - from) / 1000;
if (had !== Number(count)) throw new Error(`bench: kube: ${had} pods of ${count}`);
console.log(JSON.stringify({ seconds, megabytes: (process.resourceUsage().maxRSS * 1024 - idle) / 1e6 }));
process.exit(0);

async function sync(): Promise<number> {
  const { table, writer } = openTable<PodRow, 'node'>({
    name: 'pods',
    key: ({ key }) => key,
    indexes: { node: ({ node }) => node },
    columns: { key: ({ key }) => key },
    sources: ['kubernetes'],
  });
  const sink = tableSink({ writer, source: 'kubernetes', row: podRow });
  await new Promise<void>((resolve, reject) => {
    const synced = () => {
      sink.synced();
      resolve();
    };
    const reflector = new Reflector({
      transport,
      resource: resources.pods,
      selection: { shape: podShape },
      sink: { ...sink, synced },
      clock: realClock,
      counts,
      initialEvents: false,
    });
    reflector.run(stopping).catch(reject);
  });
  let accepted = 0;
  for (const { rejected } of table.rows()) if (rejected === undefined) accepted += 1;
  return accepted;
}

/** As little as can be done with the same answers: nothing is kept. */
async function parse(): Promise<number> {
  let seen = 0;
  for (let next = '0'; next !== ''; ) {
    const page = await fetch(`${url}/api/v1/pods?limit=500&continue=${next}`);
    const { items, metadata } = JSON.parse(await page.text());
    seen += items.length;
    next = metadata.continue;
  }
  return seen;
}
