// DNS view: what the API tells of names, asked of the DNS proxy on behalf of whoever asks.

import { Problem } from '../api/problem.ts';
import type { DnsLogWish, DnsView } from '../api/view.ts';
import type { CacheRow, LogWish, NamesRow } from '../dns/control-line.ts';
import type { IdentityView } from '../enforcement/view.ts';
import { AgentError } from '../errors.ts';
import { localScope } from '../model/identity.ts';
import type { Table } from '../state/table.ts';
import type { DnsControl } from './dns-control.ts';
import type { DnsProxy } from './dns-proxy.ts';

const answerMs = 10_000;
/** Records that wait for a reader before the proxy is not read any more. */
const mostWaiting = 1000;
const mostReaders = 16;

export interface DnsViewOptions {
  readonly proxy: Pick<DnsProxy, 'state' | 'connect'>;
  readonly identities: Table<IdentityView>;
}

export function dnsView({ proxy, identities }: DnsViewOptions): DnsView {
  let readers = 0;
  /** Where no policy asks for it there is nobody, and nothing to be told. */
  const ask = async <Result>(none: Result, act: (control: DnsControl) => Promise<Result>): Promise<Result> => {
    if (proxy.state === 'idle') return none;
    try {
      using control = await proxy.connect();
      return await act(control);
    } catch (error) {
      throw problemOf(error);
    }
  };
  return {
    async *log(wish, signal) {
      if (proxy.state === 'idle' && !wish.follow) return;
      if (readers >= mostReaders)
        throw new Problem(503, `dns: as many read the log as may: ${mostReaders}`, { hint: 'end one of them first' });
      readers += 1;
      try {
        using control = await proxy.connect();
        yield* records(control, wishOf(wish), signal);
      } catch (error) {
        throw problemOf(error);
      } finally {
        readers -= 1;
      }
    },
    cache: (asked) => ask([], (control) => control.call<CacheRow[]>({ call: 'cache', ...asked }, answerMs)),
    clean: (asked) => ask(0, async (control) => (await control.call<{ names: number }>({ call: 'clean', ...asked }, answerMs)).names),
    async names() {
      const told = await ask<NamesRow[]>([], (control) => control.call({ call: 'names' }, answerMs));
      const grants = new Map(told.map((row) => [row.identity, row.grants]));
      return selectors(identities).map(({ selector, identity }) => ({ selector, identity, grants: grants.get(identity) ?? 0 }));
    },
  };
}

/** Those of policies that speak of pods here. */
function selectors(identities: Table<IdentityView>): { selector: string; identity: number }[] {
  const found = [...identities.rows()].filter(({ number, prefix }) => number > localScope && prefix === '');
  return found
    .flatMap(({ number: identity, labels }) => labels.map((selector) => ({ selector, identity })))
    .sort((a, b) => (a.selector < b.selector ? -1 : 1));
}

function wishOf({ since, ...wish }: DnsLogWish): LogWish {
  return { ...wish, ...(since !== undefined && { since: since.toISOString() }) };
}

/** Taken no faster than they are asked for. */
async function* records(control: DnsControl, wish: LogWish, signal: AbortSignal): AsyncIterable<unknown> {
  const waiting: unknown[] = [];
  let wake: () => void = () => {};
  let end: { readonly error?: Error } | undefined;
  const hangUp = () => control[Symbol.dispose]();
  signal.addEventListener('abort', hangUp);
  const ended = (how: { readonly error?: Error }) => {
    end = how;
    wake();
  };
  const taking = control.log(wish, (record) => {
    waiting.push(record);
    if (waiting.length >= mostWaiting) control.pause();
    wake();
  });
  taking.then(
    () => ended({}),
    (error: Error) => ended({ error }),
  );
  try {
    while (!signal.aborted) {
      const batch = waiting.splice(0);
      control.resume();
      yield* batch;
      if (waiting.length > 0) continue;
      if (end !== undefined) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || end !== undefined) resolve();
      });
    }
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
  if (end?.error !== undefined && !signal.aborted) throw end.error;
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof AgentError) || !error.code.startsWith('DNS_PROXY_')) return error;
  if (error.code === 'DNS_PROXY_REFUSED') return new Problem(400, error.message);
  return new Problem(503, error.message, { hint: 'axoneme status tells what is wrong with it' });
}
