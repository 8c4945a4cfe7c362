// Capabilities: what the kernel must let this process do. Without one of them an agent would begin and fail halfway, so it is told at once.

import { readFileSync } from 'node:fs';
import { AgentError } from '../errors.ts';

/** Number of each, and what it is for. Linux takes CAP_SYS_ADMIN for CAP_BPF and CAP_PERFMON too. */
const needed = {
  CAP_NET_ADMIN: { number: 12, purpose: 'devices, routes and nft tables of this node, and hooks on devices' },
  CAP_SYS_ADMIN: { number: 21, purpose: "entering pods' network namespaces, mounting a bpffs, loading programs and maps" },
} as const;

/** Without it an agent serves, and DNS that policies look at is dropped. */
const neededForDns = { CAP_NET_RAW: { number: 13, purpose: 'answers to pods in the name of the DNS server that they asked' } } as const;

type Needed = Readonly<Record<string, { readonly number: number; readonly purpose: string }>>;

/** `status`: /proc/PID/status, as text. A sentence for each that is missing. */
export function missingCapabilities(status: string, wanted: Needed = needed): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(wanted)
    .filter(([, { number }]) => ((effective >> BigInt(number)) & 1n) === 0n)
    .map(([name, { purpose }]) => `${name} is missing, which is for ${purpose}`);
}

/** Throws NOT_SUPPORTED with each that is missing and what for. */
export function checkCapabilities(): void {
  check('agent', needed);
}

/** The same, of what the DNS proxy needs. */
export function checkDnsCapabilities(): void {
  check('DNS proxy', neededForDns);
}

function check(subject: string, wanted: Needed): void {
  const missing = missingCapabilities(readFileSync('/proc/self/status', 'latin1'), wanted);
  if (missing.length > 0) throw new AgentError('NOT_SUPPORTED', `${subject}: ${missing.join('; ')}`);
}
