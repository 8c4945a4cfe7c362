// Recorded flows: who spoke to whom, from lines of JSON of our own or of Hubble's, each told by its fields, summed as they are read.

import type { Protocol } from '../../../testing/message.ts';
import { readLines } from '../inputs.ts';
import { parsePeer, parsePort } from '../peer.ts';
import { readHubble } from './hubble.ts';

/** One end of a flow, with what the recording knows of it. */
export interface RecordedPeer {
  /** `namespace/name` */
  readonly pod?: string;
  readonly address?: string;
  /** DNS names that led to the address. */
  readonly names?: readonly string[];
  /** `host`, `remote-node`, …: it is no pod and not outside. */
  readonly reserved?: readonly string[];
  /** `source:key=value`, as an identity carries them. */
  readonly labels?: readonly string[];
  /** `namespace/name` of the Deployment and the like that the pod is one of. */
  readonly workload?: string;
}

export interface RecordedFlow {
  readonly from: RecordedPeer;
  readonly to: RecordedPeer;
  readonly protocol: Protocol;
  readonly port: number;
  /** How often it was recorded. */
  readonly count: number;
}

/** Why a line is not a flow that policy would decide. */
export type Skipped = 'reply' | 'event' | 'protocol' | 'unreadable';

export interface Recording {
  readonly flows: readonly RecordedFlow[];
  /** Lines that are flows. */
  readonly lines: number;
  readonly skipped: Readonly<Record<Skipped, number>>;
  /** `file:line: what`, of the first lines that cannot be read. */
  readonly problems: readonly string[];
}

const toldProblems = 10;

/** Memory grows with different flows, not with lines. Throws only when the file itself cannot be read. */
export async function readRecording(path: string, name: string): Promise<Recording> {
  const flows = new Map<string, RecordedFlow>();
  const skipped = { reply: 0, event: 0, protocol: 0, unreadable: 0 };
  const problems: string[] = [];
  let lines = 0;
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === '') continue;
    try {
      const read = readLine(JSON.parse(text));
      if (typeof read === 'string') skipped[read]++;
      else {
        lines++;
        add(flows, read);
      }
    } catch (error) {
      skipped.unreadable++;
      if (problems.length < toldProblems) problems.push(`${name}:${number}: ${(error as Error).message}`);
    }
  }
  return { flows: [...flows.values()], lines, skipped, problems };
}

/** Whether a file begins with a recorded flow, of ours or Hubble's. What cannot be read is not one: whoever reads it tells why. */
export async function isRecording(path: string): Promise<boolean> {
  try {
    for await (const { text } of readLines(path)) {
      if (text.trim() === '') continue;
      const line: unknown = JSON.parse(text);
      if (typeof line !== 'object' || line === null || 'id' in line) return false;
      return ('from' in line && 'to' in line) || 'flow' in line || ('source' in line && 'destination' in line);
    }
  } catch {
    return false;
  }
  return false;
}

function add(flows: Map<string, RecordedFlow>, flow: RecordedFlow): void {
  const key = [peerKey(flow.from), peerKey(flow.to), flow.protocol, flow.port].join(' ');
  const known = flows.get(key);
  flows.set(key, known === undefined ? flow : { ...known, count: known.count + flow.count });
}

/** Addresses of a pod are not looked at: it gets others when it starts again. */
export function peerKey({ pod, address, reserved }: RecordedPeer): string {
  return pod ?? (reserved && reserved.length > 0 ? reserved.join('+') : (address ?? ''));
}

export type LineRead = RecordedFlow | Skipped;

function readLine(line: unknown): LineRead {
  if (typeof line !== 'object' || line === null || Array.isArray(line)) throw new TypeError('not an object');
  return 'from' in line || 'to' in line ? readOwn(line as Record<string, unknown>) : readHubble(line as Record<string, unknown>);
}

/** `{"from":"shop/checkout","to":"203.0.113.10","protocol":"tcp","port":443}`, also `"port":"443/tcp"` and `"count":12`. */
function readOwn({ from, to, protocol = 'tcp', port, count = 1 }: Record<string, unknown>): LineRead {
  if (typeof count !== 'number' || !(count >= 1)) throw new TypeError(`count: not a number from 1: ${JSON.stringify(count)}`);
  return { from: readPeer(from, 'from'), to: readPeer(to, 'to'), ...parsePort(String(port), String(protocol)), count };
}

function readPeer(value: unknown, field: string): RecordedPeer {
  if (typeof value !== 'string') throw new TypeError(`${field}: not a text: ${JSON.stringify(value)}`);
  const { kind, text } = parsePeer(value);
  if (kind === 'name') throw new TypeError(`${field}: a recorded flow has an address, not a name: "${text}"`);
  return kind === 'reserved' ? { reserved: [text] } : { [kind]: text };
}
