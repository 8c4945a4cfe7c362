// Play: the steps of a scenario, one after the other, in a family. What is not as expected is told as sentences.

import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../outage-world.ts';
import type { Asked, Heard } from './dns-client.ts';
import type { DnsScenario } from './scenario.ts';
import type { DnsStage } from './stage.ts';
import type { Family } from './zone.ts';

/** Whoever answers may take his time on a busy machine; who does not is not waited for as long. */
const patience = { answer: 15_000, silence: 1_500 } as const;

interface Step {
  readonly stage: DnsStage;
  readonly family: Family;
  readonly pod: string;
  readonly words: readonly string[];
  /** What each pod was told last. */
  readonly last: Map<string, readonly string[]>;
}

export async function play(stage: DnsStage, { steps }: DnsScenario, family: Family): Promise<string[]> {
  const last = new Map<string, readonly string[]>();
  for (const step of steps) {
    const [who = '', act = '', ...words] = step.split(/\s+/);
    const pod = /\/|^host-|^authority$/.test(who) ? who : `shop/${who}`;
    const complaint = await acts[act]({ stage, family, pod, words, last });
    // What comes after it would be no news.
    if (complaint !== undefined) return [`${step} over IPv${family}: ${complaint}`];
  }
  return [];
}

type Act = (step: Step) => Promise<string | undefined>;

const acts: Readonly<Record<string, Act>> = {
  async ask(step) {
    const { stage, pod, last } = step;
    const [server = '', name = '', , wanted = ''] = step.words;
    const asked = askedOf(step, server, name, wanted);
    const got: Heard = await stage.act(pod, { act: 'ask', ...asked });
    if (got.addresses.length > 0) last.set(pod, got.addresses);
    return judge(step, asked, got, wanted);
  },

  async pipeline(step) {
    const [server = '', ...words] = step.words;
    const pairs = words
      .join(' ')
      .split(';')
      .map((pair) => pair.trim().split(' = '));
    const asked = askedOf(step, server, '', pairs.some(([, wanted]) => wanted === 'silence') ? 'silence' : '');
    const names = pairs.map(([name]) => name ?? '');
    const got: Heard[] = await step.stage.act(step.pod, { act: 'pipeline', ...asked, names });
    return pairs
      .map(([name = '', wanted = ''], at) => judge(step, { ...asked, name }, got[at], wanted))
      .find((words) => words !== undefined);
  },

  async twice(step) {
    const [one = '', other = '', name = '', , ...wanted] = step.words;
    const asked = askedOf(step, one, name, '');
    const servers = [one, other].map((server) => step.stage.address(server, step.family));
    const got: Heard[] = await step.stage.act(step.pod, { act: 'twice', ...asked, servers });
    const strange = got.find((heard, at) => heard.rcode !== 'silence' && heard.server !== servers[at]);
    if (strange) return `an answer came from ${strange.server}`;
    return wanted.map((words, at) => judge(step, asked, got[at], words)).find((words) => words !== undefined);
  },

  async reach(step) {
    for (const address of addressesOf(step)) if (!(await connects(step, address, patience.answer))) return `${address} is not reached`;
    return undefined;
  },

  async miss(step) {
    const all = await Promise.all(
      addressesOf(step).map(async (address) => ({ address, is: await connects(step, address, patience.silence) })),
    );
    const found = all.find(({ is }) => is);
    return found && `${found.address} is reached`;
  },

  hold: (step) => keep(step, 'hold'),
  speak: (step) => keep(step, 'speak'),

  async lose(step) {
    const [address = ''] = addressesOf(step);
    const gone = async () => !(await connects(step, address, patience.silence));
    return until('', gone, 30_000).then(
      () => undefined,
      () => `${address} is reached still`,
    );
  },

  wait: async ({ words: [seconds] }) => sleep(Number(seconds) * 1_000, undefined),

  async drop(step) {
    const [address = ''] = addressesOf(step);
    const words = step.words.slice(1).join(' ');
    let told: readonly string[] = [];
    const isTold = async () => {
      const flows = await step.stage.flows(step.pod, { type: 'drop' });
      told = flows.filter(({ IP }) => IP.destination === address).map(({ Summary }) => Summary);
      if (told.some((line) => line.includes(words))) return true;
      // A busy agent tells what it knows of a packet at once: of the next one it may know more.
      await connects({ ...step, words: [address, '443'] }, address, patience.silence);
      return false;
    };
    return until('', isTold, 60_000).then(
      () => undefined,
      () => `the agent says ${told.at(-1) ?? 'nothing of it'}`,
    );
  },

  async log(step) {
    const [name = '', type = '', verdict = '', rcode] = step.words;
    let said = 'nothing of it';
    const isTold = async () => {
      const found = (await step.stage.log(step.pod, { name })).findLast((flow) => flow.l7.type === type);
      if (found === undefined) return false;
      said = `${found.verdict} ${found.l7.dns.rcode ?? ''} ${found.Summary}`;
      const end = type === 'REQUEST' ? found.source : found.destination;
      return (
        found.verdict === verdict &&
        `${end.namespace}/${end.pod_name}` === step.pod &&
        (rcode === undefined || found.l7.dns.rcode === Number(rcode))
      );
    };
    return until('', isTold, 60_000).then(
      () => undefined,
      () => `the log says ${said}`,
    );
  },

  async heard({ stage, words: [name = ''] }) {
    return (await stage.askedOfAuthority()).includes(name) ? undefined : 'it did not';
  },

  async unheard({ stage, words: [name = ''] }) {
    return (await stage.askedOfAuthority()).includes(name) ? 'it did' : undefined;
  },
};

function askedOf({ stage, family }: Step, words: string, named: string, wanted: string): Asked {
  const [, server = '', tcp, port = '53', edns] = /^([^/:+]+)(\/tcp)?(?::(\d+))?(?:\+(\d+))?$/.exec(words) ?? [];
  const [name = '', type = family === 4 ? 'A' : 'AAAA'] = named.split('/');
  const timeoutMs = wanted === 'silence' ? patience.silence : patience.answer;
  const how = { server: stage.address(server, family), port: Number(port), over: tcp ? 'tcp' : 'udp', timeoutMs } as const;
  return { ...how, name, type: type as Asked['type'], ...(edns !== undefined && { edns: Number(edns) }) };
}

function judge({ stage, family }: Step, { name }: Asked, got: Heard | undefined, wanted: string): string | undefined {
  if (got === undefined) return 'nobody was asked';
  const told = `${got.rcode}${got.cut ? ' cut' : ''} ${got.addresses.join(', ')}`.trim();
  if (/^[A-Z|]+$/.test(wanted) || wanted === 'silence') return wanted.split('|').includes(got.rcode) ? undefined : `got ${told}`;
  if (got.rcode !== 'NOERROR') return `got ${told}`;
  // Letter by letter, as it was asked: servers and clients count on it.
  if (got.name !== name) return `got the question ${got.name}`;
  if (wanted === 'cut') return got.cut ? undefined : `got ${told}`;
  if (got.cut) return `got ${told}`;
  if (wanted === 'empty' || wanted === 'one') return got.addresses.length === (wanted === 'one' ? 1 : 0) ? undefined : `got ${told}`;
  const addresses = numbersOf(wanted).map((number) => stage.address(number, family));
  return addresses.toSorted().join() === got.addresses.toSorted().join() ? undefined : `got ${told}, not ${addresses.join(', ')}`;
}

function numbersOf(words: string): number[] {
  return words.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('..').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function addressesOf({ stage, family, pod, words: [address = ''], last }: Step): readonly string[] {
  return address === 'last' ? (last.get(pod) ?? []) : numbersOf(address).map((number) => stage.address(number, family));
}

function connects({ stage, pod, words: [, port] }: Step, address: string, timeoutMs: number): Promise<boolean> {
  return stage.act(pod, { act: 'connect', address, port: Number(port), timeoutMs });
}

async function keep(step: Step, act: string): Promise<string | undefined> {
  const [address] = addressesOf(step);
  const is = await step.stage.act(step.pod, { act, address, port: Number(step.words[1]), timeoutMs: patience.answer });
  return is ? undefined : `${address} does not answer`;
}
