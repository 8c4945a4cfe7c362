// `axoneme operator`: flags → an operator that runs until it is told to end.

import { parseArgs } from 'node:util';
import { AgentError } from '../errors.ts';
import { openEtcd } from '../etcd/store.ts';
import { keepHeapSmall } from '../heap.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { serveMetrics } from '../metrics-server.ts';
import { Counts } from '../sources/kubernetes/counts.ts';
import { openCredentials } from '../sources/kubernetes/credentials.ts';
import { Transport } from '../sources/kubernetes/transport.ts';
import { realClock } from '../state/clock.ts';
import { openOperator } from './operator.ts';

export const usage = `axoneme operator --etcd URL[,URL…]
  --kubeconfig FILE      default: $KUBECONFIG, the user's own, or the service account of the pod
  --context NAME         of the kubeconfig
  --etcd-ca FILE         whom to trust; with --etcd-cert FILE and --etcd-key FILE also who we are
  --cluster-name NAME    default: default
  --lease-namespace NAME where the processes agree who leads; default: kube-system
  --lease-name NAME      default: axoneme-operator
  --lease-seconds N      so long another waits before it leads in the place of one that is gone; 2 to 3600, default: 15
  --metrics-listen HOST:PORT  numbers for Prometheus at /metrics, as :9963; default: nowhere
`;

const text = { type: 'string' } as const;
const options = {
  kubeconfig: text,
  context: text,
  etcd: text,
  'etcd-ca': text,
  'etcd-cert': text,
  'etcd-key': text,
  'cluster-name': text,
  'lease-namespace': text,
  'lease-name': text,
  'lease-seconds': text,
  'metrics-listen': text,
  help: { type: 'boolean' },
} as const;

export interface OperatorCommandOptions {
  readonly write: (text: string) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Its status, after the signal was aborted. Throws USAGE_INVALID, and what the configuration is wrong in. */
export async function runOperator(args: readonly string[], { write, log, signal }: OperatorCommandOptions): Promise<number> {
  const flags = readFlags(args);
  if (flags.help) {
    write(usage);
    return 0;
  }
  keepHeapSmall();
  const credentials = await openCredentials({ kubeconfig: flags.kubeconfig, context: flags.context });
  const kubernetes = new Transport({ credentials, clock: realClock, counts: new Counts() });
  try {
    const [ca, certificate, key] = [flags['etcd-ca'], flags['etcd-cert'], flags['etcd-key']];
    const tls = ca === undefined ? undefined : { ca, ...(certificate !== undefined && { certificate }), ...(key !== undefined && { key }) };
    const store = await openEtcd({ endpoints: (flags.etcd ?? '').split(','), ...(tls && { tls }) });
    try {
      const metrics = new Metrics();
      const operator = openOperator({
        kubernetes,
        store,
        clock: realClock,
        date: () => new Date(),
        log,
        metrics,
        clusterName: flags['cluster-name'] ?? 'default',
        lease: {
          namespace: flags['lease-namespace'] ?? 'kube-system',
          name: flags['lease-name'] ?? 'axoneme-operator',
          ...times(Number(flags['lease-seconds'] ?? 15)),
        },
      });
      const stop = new AbortController();
      const listen = flags['metrics-listen'] ?? '';
      const served = serveMetrics({ listen, text: async () => metrics.text(), signal: stop.signal, log: log.room('metrics') });
      try {
        await Promise.race([operator.ended, aborted(signal)]);
      } finally {
        stop.abort();
        await served;
        await operator[Symbol.asyncDispose]();
      }
    } finally {
      await store.close();
    }
  } finally {
    kubernetes.close();
  }
  return 0;
}

function readFlags(args: readonly string[]) {
  const invalid = (what: string) => new AgentError('USAGE_INVALID', `operator: ${what}: see axoneme operator --help`);
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true });
    if (!values.help && !values.etcd) throw invalid('needs --etcd');
    if ((values['etcd-cert'] === undefined) !== (values['etcd-key'] === undefined))
      throw invalid('--etcd-cert and --etcd-key belong together');
    const seconds = values['lease-seconds'] ?? '15';
    if (!/^\d{1,4}$/.test(seconds) || Number(seconds) < 2 || Number(seconds) > 3600) throw invalid(`no such time of a lease: "${seconds}"`);
    const listen = values['metrics-listen'] ?? '';
    if (listen !== '' && !/^(\[[^\]]*\]|[^:]*):\d{1,5}$/.test(listen)) throw invalid(`no such address to listen at: "${listen}"`);
    if (values['etcd-cert'] !== undefined && values['etcd-ca'] === undefined) throw invalid('--etcd-cert needs --etcd-ca');
    return values;
  } catch (error) {
    throw error instanceof AgentError ? error : invalid((error as Error).message);
  }
}

/** As client-go divides it: others wait for all of it, the leader trusts two thirds, and looks at it often enough. */
function times(seconds: number) {
  return { leaseMs: seconds * 1000, trustMs: (seconds * 2000) / 3, retryMs: (seconds * 2000) / 15 };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
