// Log stream: a reader of the access log at the other end of a socket, or of a file. It reads from the ring at its own pace: nobody waits for it, and
// what it misses is counted for it.

import { matchesName } from '../../model/policy/name-match.ts';
import type { LogWish } from '../control-line.ts';
import { type DnsFlow, dnsFlow, type FlowNaming } from '../log/dns-flow.ts';
import { type DnsRecord, readRecords } from '../log/log-record.ts';
import type { LogReader } from '../log/log-ring.ts';

/** Bytes of records that are turned into lines in one go. */
const sliceBytes = 16 << 10;
const usualLimit = 100;

/** Whether a record is one that the reader wants, by its own fields: nothing is spelled out for the others. */
export function recordFilter({ pod, name, verdict, since }: LogWish, naming: FlowNaming): (record: DnsRecord) => boolean {
  const from = since === undefined ? 0 : Date.parse(since);
  const selector = name === undefined ? undefined : { kind: name.includes('*') ? ('pattern' as const) : ('name' as const), value: name };
  const wanted = verdict?.toLowerCase();
  return (record) => {
    if (record.time < from || (wanted !== undefined && record.verdict !== wanted)) return false;
    if (selector !== undefined && !matchesName(selector, record.name)) return false;
    if (pod === undefined) return true;
    const known = naming.pod(record.endpoint);
    return known !== undefined && (pod.endsWith('/') ? `${known.namespace}/` === pod : `${known.namespace}/${known.pod}` === pod);
  };
}

/** Flows of what is in the ring, the last `limit` of those that are wanted. */
export async function lastFlows(reader: LogReader, wish: LogWish, naming: FlowNaming): Promise<DnsFlow[]> {
  const { limit = usualLimit } = wish;
  const isWanted = recordFilter(wish, naming);
  const kept: DnsRecord[] = [];
  for (let bytes = reader.read(sliceBytes); bytes.length > 0; bytes = reader.read(sliceBytes)) {
    for (const record of readRecords(bytes)) if (isWanted(record)) kept.push(record);
    if (kept.length > limit * 2) kept.splice(0, kept.length - limit);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return limit === 0 ? [] : kept.slice(-limit).map((record) => dnsFlow(record, naming));
}

/** Lines of the flows in the next slice; undefined: there is nothing new. */
export function nextFlows(reader: LogReader, isWanted: (record: DnsRecord) => boolean, naming: FlowNaming): DnsFlow[] | undefined {
  const bytes = reader.read(sliceBytes);
  if (bytes.length === 0) return undefined;
  const flows: DnsFlow[] = [];
  for (const record of readRecords(bytes)) if (isWanted(record)) flows.push(dnsFlow(record, naming));
  return flows;
}
