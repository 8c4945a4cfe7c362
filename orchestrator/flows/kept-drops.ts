// Kept drops: the last ones, each kind once a minute with how often it came, so that a storm of one pod's does not push out the others'.

import { traffic } from './filter.ts';
import type { FlowLine, FlowRule } from './flow.ts';
import { LineRing, type OrderedLine } from './line-ring.ts';

/** For so long a drop stands for those like it. */
const whileMs = 60_000;
/** Kinds that are known at once. */
const mostKinds = 1024;

interface Kept extends OrderedLine {
  readonly firstMs: number;
  repeated: number;
  until: string;
}

export class KeptDrops {
  readonly #ring: LineRing;
  readonly #byKind = new Map<string, Kept>();

  constructor(capacity: number) {
    this.#ring = new LineRing(capacity);
  }

  add({ order, line }: OrderedLine): void {
    const kind = kindOf(line);
    const atMs = Date.parse(line.time);
    const before = this.#byKind.get(kind);
    if (before !== undefined && Math.abs(atMs - before.firstMs) < whileMs) {
      before.repeated += 'flow' in line ? 1 : line.lost_events.num_events_lost;
      before.until = line.time;
      return;
    }
    const kept: Kept = { order, line, firstMs: atMs, repeated: 0, until: line.time };
    // The one that was seen first is forgotten first.
    this.#byKind.delete(kind);
    for (const oldest of this.#byKind.keys()) {
      if (this.#byKind.size < mostKinds) break;
      this.#byKind.delete(oldest);
    }
    this.#byKind.set(kind, kept);
    this.#ring.add(kept);
  }

  /** Oldest first, with how many more came of each. */
  lines(): OrderedLine[] {
    return this.#ring.lines().map((kept) => ({ order: kept.order, line: told(kept as Kept) }));
  }
}

function told({ line, repeated, until }: Kept): FlowLine {
  if (repeated === 0) return line;
  if ('flow' in line) return { ...line, repeated: { count: repeated, until } };
  const { source, num_events_lost: first } = line.lost_events;
  return { ...line, lost_events: { source, num_events_lost: first + repeated } };
}

/** Everything but time and the port that a client happens to have: another pod at this address, another rule, and names that were not known before are another kind. */
function kindOf(line: FlowLine): string {
  if (!('flow' in line)) return line.lost_events.source;
  const { verdict, drop_reason: reason, IP, traffic_direction: direction, source, destination, destination_names = [] } = line.flow;
  const { protocol, port } = traffic(line.flow);
  const ends = [source, destination].map(({ namespace, pod_name: pod, identity }) => `${namespace}/${pod}/${identity}`).join(' ');
  const rules = [line.flow.egress_denied_by, line.flow.ingress_denied_by].map((list = []) => list.map(textOf).join()).join(' ');
  return `${verdict} ${reason} ${IP.source} ${IP.destination} ${protocol} ${port} ${direction} ${ends} ${rules} ${destination_names.join()}`;
}

const textOf = ({ kind, namespace, name, rule }: FlowRule): string => `${kind}/${namespace}/${name}/${rule}`;
