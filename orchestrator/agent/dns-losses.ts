// DNS losses: what was not answered, or with SERVFAIL, in words: a question that somebody misses went one of these ways.

import type { ProxyStatus } from '../dns/control-line.ts';

/** By counter of the proxy. Whoever came to nothing by the rules, or by a message that is none, is not among them. */
const answeredFailure = {
  failedPodFull: 'as many of the pod wait already as may',
  failedFull: 'as many wait as may in all',
  failedDeadline: 'the server has said nothing in time',
  failedUnsent: 'they did not reach the server',
  failedUnreadable: 'the answer could not be read',
  failedPrivate: 'the answer named private addresses',
  failedPodGrants: 'the pod has been granted as many addresses as it may',
  failedPlaces: 'an address has been granted under as many names as it may',
  failedMap: 'the map of grants did not take it',
} as const;

const unanswered = {
  queriesUnknown: 'sent by nobody that the rules know',
  queriesDirect: "sent to the proxy's own port",
  queriesUnreadable: 'too long, or without the address that was asked',
  queriesOverflown: 'came faster than they were read',
  queriesGone: 'their pod was gone before the answer',
  queriesLeft: 'their pod hung up before the answer',
} as const;

const answersLost = {
  answersUnsent: 'the host did not take them',
  answersUndelivered: 'their way to the datapath was full',
  answersOverflown: 'came faster than they were read',
} as const;

const connectionsLost = {
  connectionsRefused: 'one too many',
  connectionsFailed: 'the host could not give them',
  connectionsCut: 'too slow, too long or broken',
} as const;

export const lossWords = { ...answeredFailure, ...unanswered, ...answersLost, ...connectionsLost } as const;

const kinds: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['answered SERVFAIL', answeredFailure],
  ['not answered', unanswered],
  ['answers lost', answersLost],
  ['connections ended', connectionsLost],
];

/** Since the proxy's process started; empty when there were none. */
export function dnsLosses({ counters }: Pick<ProxyStatus, 'counters'>): string {
  return kinds
    .flatMap(([kind, words]) => {
      const counted = Object.entries(words).flatMap(([key, why]) => ((counters[key] ?? 0) > 0 ? [`${counters[key]} ${why}`] : []));
      return counted.length === 0 ? [] : [`${kind}: ${counted.join(', ')}`];
    })
    .join('; ');
}
