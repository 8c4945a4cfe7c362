// axoneme status: whether the agent of this node is well, check by check.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Check } from '../../api/check.ts';
import type { ApiClient } from '../../api/client.ts';
import type { Status as AgentStatus } from '../../api/status.ts';
import { AgentError } from '../../errors.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import type { Status, Terminal } from '../policy/terminal.ts';
import { askingFlags, clientOf } from './asking.ts';
import { durationText, readDuration } from './duration.ts';
import { structured } from './rows.ts';

const flags = {
  ...askingFlags,
  wait: { value: 'DURATION', sentence: 'wait until no check fails, at most so long: 30s, 2m' },
  brief: { sentence: 'only checks that are not ok' },
} as const;

export const status: Subcommand = {
  sentence: 'whether the agent of this node is well, check by check',
  usage: 'status [FLAGS]',
  flags,
  notes: `
✓ it is as it should be. ‼ it works, but look at it. × it does not work. Below a check that is not ok stands what to do.
Status 0: nothing failed; 1: something did, or no agent answers.

Examples:
  axoneme status
  axoneme status --wait 60s && echo ready
  axoneme status -o json | jq '.checks[] | select(.state == "failed")'
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('status', flags, args);
    if (operands.length > 0) throw usageError('status', `one too many: "${operands[0]}"`);
    const waitMs = values.wait === undefined ? 0 : readDuration('status', 'wait', values.wait);
    const found = await settled(clientOf(values), waitMs);
    if (values.output === 'json' || values.output === 'yaml') terminal.write(await structured(found, values.output));
    else tell(found, terminal, values.brief);
    return exitStatus(found);
  },
};

type Found = Omit<AgentStatus, 'about'> & { readonly about?: AgentStatus['about'] };

const pauseMs = 500;

async function settled(client: ApiClient, waitMs: number): Promise<Found> {
  const until = performance.now() + waitMs;
  for (;;) {
    const found = await ask(client);
    const left = until - performance.now();
    if (found.state !== 'failed' || left <= 0) return found;
    await sleep(Math.min(pauseMs, left));
  }
}

/** An agent that does not answer is one more thing that failed. */
async function ask(client: ApiClient): Promise<Found> {
  try {
    return (await client.get('/v1/status')) as AgentStatus;
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'API_UNREACHABLE') throw error;
    const [message = '', hint] = error.message.replace(`agent: ${client.socket}: `, '').split(/[:.] (?=[A-Zi])/, 2);
    return {
      state: 'failed',
      checks: [{ section: 'agent', name: `the agent answers on ${client.socket}`, state: 'failed', message, ...(hint && { hint }) }],
    };
  }
}

function exitStatus({ state }: Found): Status {
  return state === 'failed' ? 1 : 0;
}

function tell({ about, checks }: Found, { write, paint }: Terminal, isBrief: boolean): void {
  if (about) {
    const { node, cluster, version, mode, startedAt } = about;
    const since = durationText(Date.now() - Date.parse(startedAt));
    write(`node ${paint.strong(node)} of cluster ${cluster}: axoneme ${version}, ${mode} mode, up ${since}\n\n`);
  }
  const marks = { ok: paint.good('✓'), warning: paint.strong('‼'), failed: paint.bad('×') };
  const shown = isBrief ? checks.filter(({ state }) => state !== 'ok') : checks;
  for (const section of new Set(shown.map((check) => check.section))) {
    write(`${paint.strong(section)}\n${'-'.repeat(section.length)}\n`);
    for (const check of shown.filter((one) => one.section === section)) write(`${marks[check.state]} ${checkLines(check).join('\n')}\n`);
    write('\n');
  }
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  write(`${marks.ok} ${count('ok')} ok  ${marks.warning} ${count('warning')} to look at  ${marks.failed} ${count('failed')} failed\n`);
}

function checkLines({ name, message, hint, state }: Check): string[] {
  if (state === 'ok') return [message === '' ? name : `${name}: ${message}`];
  return [name, ...[message, hint].filter((line) => line !== undefined && line !== '').map((line) => `    ${line}`)];
}
