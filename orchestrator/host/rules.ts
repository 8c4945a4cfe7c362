// Rules: what decides which routing table a packet asks: those of ours, as rows and as requests.

import { errno } from '../datapath/kernel/errno.ts';
import { attribute, joined, netlinkFlag } from '../datapath/kernel/netlink.ts';
import { Attributes, inet, inet6 } from './attributes.ts';
import { protocol } from './ours.ts';
import type { Change, Session } from './session.ts';

/** For packets with all that is named; a table, or without one the end of them. */
export interface Rule {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly mark?: { readonly value: number; readonly mask: number };
  /** Name of the device that they come by. */
  readonly device?: string;
  readonly table?: number;
}

const messages = { create: 32, remove: 33, get: 34 } as const;
const attributes = { device: 3, priority: 6, mark: 10, table: 15, mask: 16, protocol: 21 } as const;
/** FR_ACT_TO_TBL, FR_ACT_BLACKHOLE. */
const [toTable, blackhole] = [1, 6];
const headerBytes = 12;
const familyNumber = { 4: inet, 6: inet6 } as const;

/** Rules with our protocol, of both families. A kernel without rules has none. */
export function listRules(session: Session): Rule[] {
  return ([4, 6] as const).flatMap((family) => {
    const filter = new Uint8Array(headerBytes);
    filter[0] = familyNumber[family];
    return session.dump(messages.get, filter).flatMap(({ body }) => readRule(body));
  });
}

export function readRule(body: Uint8Array): Rule[] {
  const found = new Attributes(body, headerBytes);
  if (found.number(attributes.protocol) !== protocol) return [];
  const [value, mask] = [found.number(attributes.mark), found.number(attributes.mask) ?? 0xffffffff];
  const device = found.text(attributes.device);
  const table = body[7] === toTable ? (found.number(attributes.table) ?? body[4]) : undefined;
  return [
    {
      family: body[0] === inet6 ? 6 : 4,
      priority: found.number(attributes.priority) ?? 0,
      ...(value !== undefined && { mark: { value, mask } }),
      ...(device !== undefined && { device }),
      ...(table !== undefined && { table }),
    },
  ];
}

export function addRule(rule: Rule): Change {
  const flags = netlinkFlag.create | netlinkFlag.exclusive;
  return { step: `${nameOf(rule)}: add`, type: messages.create, flags, tolerated: [errno.exist], body: bodyOf(rule) };
}

export function removeRule(rule: Rule): Change {
  return { step: `${nameOf(rule)}: remove`, type: messages.remove, flags: 0, tolerated: [errno.noent], body: bodyOf(rule) };
}

/** "ip rule 971", as in the table of `ip -6 rule`. */
export function nameOf({ family, priority }: Rule): string {
  return `${family === 4 ? 'ip' : 'ip6'} rule ${priority}`;
}

export function isSameRule(left: Rule, right: Rule): boolean {
  return (
    left.family === right.family &&
    left.priority === right.priority &&
    left.mark?.value === right.mark?.value &&
    left.mark?.mask === right.mark?.mask &&
    left.device === right.device &&
    left.table === right.table
  );
}

/** struct fib_rule_hdr and attributes. */
function bodyOf({ family, priority, mark, device, table }: Rule): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = familyNumber[family];
  header[7] = table === undefined ? blackhole : toTable;
  return joined(
    header,
    attribute(attributes.priority, priority),
    attribute(attributes.protocol, Uint8Array.of(protocol)),
    ...(mark === undefined ? [] : [attribute(attributes.mark, mark.value), attribute(attributes.mask, mark.mask)]),
    ...(device === undefined ? [] : [attribute(attributes.device, device)]),
    ...(table === undefined ? [] : [attribute(attributes.table, table)]),
  );
}
