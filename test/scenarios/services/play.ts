// Play: the questions of scenarios, asked, and the answers compared with what was expected, as sentences.

import { until } from '../outage-world.ts';
import type { ServiceScenario } from './scenario.ts';
import type { Question, ServiceStage } from './stage.ts';

/** Who does not answer is not waited for longer. */
const [answerMs, silenceMs] = [10_000, 1_200];

export interface Line {
  readonly text: string;
  readonly from: string;
  readonly question: Question;
  /** `NAME PORT CLIENT`, or `refused` and the like. */
  readonly wanted: readonly string[];
  readonly isSame: boolean;
}

/** All that a scenario asks, in each family. */
export function linesOf(stage: ServiceStage, { expect, family: only }: ServiceScenario, port: number): readonly Line[] {
  const families = only === undefined ? ([4, 6] as const) : [only];
  return expect.flatMap((text) => families.map((family) => lineOf(stage, text, family, port)));
}

function lineOf(stage: ServiceStage, text: string, family: 4 | 6, port: number): Line {
  const [from = '', to = '', traffic = '', said = ''] = text.split(' ');
  const [protocol = '', number] = traffic.split('/');
  const answer = said === 'unserved' ? unservedAt(stage, from, protocol) : said;
  const line = { text: `${text} over IPv${family}`, from };
  if (protocol === 'dns') {
    const wanted = answer === 'none' ? [] : answer.split('|').map((name) => stage.addressOf(name, family));
    return { ...line, question: { protocol, name: `${to}.shop.svc.cluster.local`, family }, wanted, isSame: false };
  }
  const isSame = answer.includes('/');
  const wanted = answer.split(/[|/]/).map((one) => wantedOf(stage, one, { from, family, port }));
  const isNobody = /^(refused|nothing|gone)$/.test(answer);
  const source = from.startsWith('world') ? { from: stage.addressOf(from, family) } : {};
  const question = {
    ...{ protocol: protocol === 'sent' ? 'udp' : protocol, address: stage.addressOf(to, family), port: Number(number) },
    // So that it is next to impossible that one of several is missed.
    ...{
      times: protocol === 'http' ? 1 : isNobody ? 2 : 12 * wanted.length,
      timeoutMs: isNobody && answer !== 'refused' ? silenceMs : answerMs,
    },
    ...(protocol === 'sent' ? { isUnconnected: true } : source),
  };
  return { ...line, question, wanted, isSame };
}

/** What a service that nobody serves says to who asks it there: a socket that is connected to nobody hears of no refusal that comes as a packet. */
function unservedAt(stage: ServiceStage, from: string, protocol: string): 'refused' | 'nothing' {
  return protocol === 'sent' && stage.isPacketwise(from) ? 'nothing' : 'refused';
}

function wantedOf(stage: ServiceStage, answer: string, { from, family, port }: { from: string; family: 4 | 6; port: number }): string {
  // What the world's own server says of a client has a port of the client's behind it.
  if (answer.startsWith('host-')) return stage.addressOf(answer, family);
  const status = /^(\d+):(\d+)$/.exec(answer);
  if (status) return `${status[1]} ${status[2]}`;
  const found = /^([\w-]+?)(?:\+(\d)|:(\d+))?(?:<([\w-]+))?$/.exec(answer);
  if (!found) throw new Error(`scenario: no such answer: ${answer}`);
  const [, name = '', plus = '0', exact, client = from] = found;
  if (/^(refused|nothing|gone)$/.test(name)) return name;
  const seen = client !== 'itself' ? client : stage.isPacketwise(from) ? 'hairpin' : from;
  return `${name} ${exact ?? port + Number(plus)} ${stage.addressOf(seen, family)}`;
}

/** Complaints of each line, so many lines at a time: more than callers can do would be waited for. */
export function askLines(stage: ServiceStage, lines: readonly Line[], atOnce = 12): ReadonlyMap<Line, Promise<string[]>> {
  const lanes = Array.from({ length: atOnce }, () => Promise.resolve<unknown>(undefined));
  return new Map(
    lines.map((line, index) => {
      const asked = (lanes[index % atOnce] as Promise<unknown>).then(() => askLine(stage, line));
      lanes[index % atOnce] = asked;
      return [line, asked];
    }),
  );
}

/** Complaints; none when all is as expected. */
async function askLine(stage: ServiceStage, { text, from, question, wanted, isSame }: Line): Promise<string[]> {
  const got = await stage.ask(from, question);
  const told = (answers: readonly string[]) => [...new Set(answers)].map((answer) => inNames(stage, answer)).join(', ') || 'none';
  const complaint = `${text}: got ${told(got)}, not ${told(wanted)}`;
  if (wanted[0] === 'gone') return got.every((answer) => answer === 'refused' || answer === 'nothing') ? [] : [complaint];
  if (got.some((answer) => !wanted.includes(answer))) return [complaint];
  if (isSame) return new Set(got).size === 1 ? [] : [complaint];
  return wanted.every((answer) => got.includes(answer)) ? [] : [complaint];
}

function inNames(stage: ServiceStage, answer: string): string {
  const [name = '', port, client] = answer.split(' ');
  return client === undefined ? stage.nameOf(answer) : `${name}:${port}<${stage.nameOf(client)}`;
}

/** Until whoever is expected to answer does so: whatever then is not as expected is wrong for good. */
export async function settle(stage: ServiceStage, lines: readonly Line[]): Promise<void> {
  let left = lines.filter(({ wanted }) => !/^(refused|nothing|gone)$/.test(wanted[0] ?? ''));
  const answers = async ({ from, question, wanted }: Line) => {
    const got = await stage.ask(from, { ...question, times: 1, timeoutMs: silenceMs });
    return got.every((answer) => wanted.includes(answer));
  };
  const have = async () => {
    const done = await Promise.all(left.map(answers));
    left = left.filter((_, index) => !done[index]);
    return left.length === 0;
  };
  // Whoever does not answer in time is told by name later.
  await until('services answer', have, 20_000).catch(() => {});
}

/** What agents say of services is as expected, and what they warn of. */
export async function complaintsOfAgents(stage: ServiceStage, { told = [], warned = [] }: ServiceScenario): Promise<string[]> {
  const complaints: string[] = [];
  for (const line of told) {
    const [node = '', name = '', ...words] = line.split(' ');
    const rows = await stage.frontendsOf(node, name);
    const says = rows.length === 0 ? ['none'] : rows.flatMap(({ why }) => why || []);
    if (!says.includes(words.join(' '))) complaints.push(`${line}: the agent says ${says.join(', ') || 'nothing'}`);
  }
  for (const words of warned) {
    for (const { name, log } of stage.cluster.nodes.map((node) => ({ name: node.name, log: node.log('agent') }))) {
      const times = log.split('\n').filter((line) => line.includes(words)).length;
      if (times !== 1) complaints.push(`the agent of ${name} says ${times} times: ${words}`);
    }
  }
  return complaints;
}
