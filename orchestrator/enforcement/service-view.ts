// View of services: frontends and backends as they are in force, for those who show them, with what changed last and when.

import { count } from '../model/service/backends.ts';
import type { MergeChange } from '../model/service/merge.ts';
import type { BackendRow, FrontendRow } from '../model/service/rows.ts';
import { openTable } from '../state/table.ts';

export interface FrontendView extends FrontendRow {
  readonly changedAt: string;
  readonly change: string;
}

const protocols: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

export class ServiceView {
  readonly frontends = openTable<FrontendView>({
    name: 'frontends',
    key: ({ key }) => key,
    columns: {
      service: ({ service }) => service,
      type: ({ type }) => type,
      scope: ({ scope }) => scope,
      address: ({ address }) => address,
      port: ({ port, protocol }) => (protocol === 0 ? 'any other' : `${port}/${protocols[protocol] ?? protocol}`),
      name: ({ portName }) => portName,
      backends: ({ backends }) => backends.map(socketText),
      weights: ({ weights }) => weights,
      affinity: ({ affinitySeconds }) => (affinitySeconds === 0 ? '' : `${affinitySeconds} s`),
      ranges: ({ sourceRanges }) => sourceRanges,
      algorithm: ({ algorithm }) => algorithm,
      direct: ({ isDirect }) => isDirect,
      why: ({ why }) => why,
      changed: ({ changedAt }) => changedAt,
      change: ({ change }) => change,
    },
  });

  readonly backends = openTable<BackendRow>({
    name: 'backends',
    key: ({ key }) => key,
    columns: {
      backend: ({ key }) => socketText(key),
      node: ({ node }) => node,
      zone: ({ zone }) => zone,
      state: ({ state }) => state,
    },
  });

  /** Frontends that the datapath refuses connections to, whoever would answer: key → why. */
  #refused: ReadonlyMap<string, string> = new Map();

  show({ frontends, backends }: MergeChange, now: Date): void {
    const changedAt = now.toISOString();
    for (const row of frontends.put) {
      const change = changeText(this.frontends.table.get(row.key), row);
      this.frontends.writer.put({ ...row, why: row.why || (this.#refused.get(row.key) ?? ''), changedAt, change });
    }
    for (const key of frontends.removed) this.frontends.writer.delete(key);
    for (const row of backends.put) this.backends.writer.put(row);
    for (const key of backends.removed) this.backends.writer.delete(key);
  }

  /** All of those of now. */
  showRefused(refused: ReadonlyMap<string, string>): void {
    const before = this.#refused;
    this.#refused = refused;
    for (const key of new Set([...before.keys(), ...refused.keys()])) {
      const [old, why] = [before.get(key) ?? '', refused.get(key) ?? ''];
      const row = this.frontends.table.get(key);
      if (row !== undefined && (row.why === '' || row.why === old)) this.frontends.writer.put({ ...row, why });
    }
  }
}

/** `+10.0.0.7:80/tcp`, `-2 endpoints`, `affinity`: what became different. */
export function changeText(before: FrontendRow | undefined, after: FrontendRow): string {
  if (before === undefined) return 'new';
  const parts: string[] = [];
  if (before.service !== after.service) parts.push(`now of ${after.service}, before of ${before.service}`);
  const [old, now] = [new Set(before.backends), new Set(after.backends)];
  parts.push(
    ...difference(
      '+',
      [...now].filter((key) => !old.has(key)),
    ),
    ...difference(
      '-',
      [...old].filter((key) => !now.has(key)),
    ),
  );
  for (const field of ['weights', 'affinitySeconds', 'sourceRanges', 'algorithm', 'isDirect', 'type', 'portName'] as const) {
    if (`${before[field]}` !== `${after[field]}`) parts.push(`${fieldNames[field]} ${after[field]}`.trim());
  }
  if (after.why !== '' && before.why !== after.why) parts.push(after.why);
  return parts.join(', ');
}

const fieldNames = {
  weights: 'weights',
  affinitySeconds: 'affinity',
  sourceRanges: 'ranges',
  algorithm: 'algorithm',
  isDirect: 'direct',
  type: 'type',
  portName: 'port name',
} as const;

/** Few are named. */
function difference(sign: string, keys: readonly string[]): string[] {
  return keys.length <= 3 ? keys.map((key) => sign + socketText(key)) : [`${sign}${count(keys.length)}`];
}

/** `10.0.1.7 6 8080` as people write it. */
export function socketText(key: string): string {
  const [address = '', protocol, port] = key.split(' ');
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocols[Number(protocol)] ?? protocol}`;
}
