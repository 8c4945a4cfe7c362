// Session: changes of one network namespace over one netlink socket. Every change has a name, which its error tells.

import { errnoText } from '../datapath/kernel/errno.ts';
import type { Libc } from '../datapath/kernel/libc.ts';
import { Netlink, type NetlinkMessage, type NetlinkRequest } from '../datapath/kernel/netlink.ts';
import { AgentError } from '../errors.ts';

export interface Change extends NetlinkRequest {
  /** What is done to what: "route 10.1.2.0/24: add". */
  readonly step: string;
  /** Errors (positive) that mean it is so already. */
  readonly tolerated?: readonly number[];
}

export interface Failure {
  readonly change: Change;
  /** Negative. */
  readonly result: number;
  readonly message: string;
}

export class Session implements Disposable {
  private readonly netlink: Netlink;
  /** Changes sent so far. */
  sent = 0;

  constructor(libc: Libc, protocol?: number) {
    this.netlink = new Netlink(libc, protocol);
  }

  /** Sends changes in their order; those that failed. */
  try(changes: readonly Change[]): Failure[] {
    if (changes.length === 0) return [];
    this.sent += changes.length;
    return failures(changes, this.netlink.batch(changes));
  }

  /** All or nothing, of nfnetlink; those that are the reason for nothing. */
  transaction(subsystem: number, changes: readonly Change[]): Failure[] {
    this.sent += changes.length;
    return failures(changes, this.netlink.transaction(subsystem, changes));
  }

  /** Sends changes in their order. Throws NETLINK_FAILED of the first that failed; the ones behind it were tried too. */
  run(subject: string, changes: readonly Change[]): void {
    const [first] = this.try(changes);
    if (first !== undefined) throw refusal(subject, first);
  }

  dump(type: number, body: Uint8Array): NetlinkMessage[] {
    return this.netlink.dump(type, body);
  }

  get(type: number, body: Uint8Array): NetlinkMessage | undefined {
    return this.netlink.get(type, body);
  }

  [Symbol.dispose](): void {
    this.netlink[Symbol.dispose]();
  }
}

export function refusal(subject: string, { change, message }: Failure): AgentError {
  return new AgentError('NETLINK_FAILED', `${subject}: ${change.step}: ${message}`);
}

function failures(changes: readonly Change[], answers: readonly { result: number; text: string }[]): Failure[] {
  return changes.flatMap((change, index) => {
    const { result, text } = answers[index] ?? { result: 0, text: '' };
    if (result >= 0 || change.tolerated?.includes(-result)) return [];
    return [{ change, result, message: text === '' ? errnoText(result) : `${errnoText(result)}: ${firstLower(text)}` }];
  });
}

function firstLower(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`.replace(/\.$/, '');
}
