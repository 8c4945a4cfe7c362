// Status: what the agent is, and every check; a check that cannot be made is one that failed.

import { type Check, type CheckState, worst } from './check.ts';
import type { About, AgentView } from './view.ts';

export interface Status {
  readonly state: CheckState;
  readonly about: Omit<About, 'startedAt'> & { readonly startedAt: string };
  readonly checks: readonly Check[];
}

/** Checks look at what is known; one that waits is not waited for. */
const mostMs = 5_000;

export async function statusOf(view: AgentView): Promise<Status> {
  const about = view.about();
  const checks = await askedChecks(view);
  return { state: worst(checks), about: { ...about, startedAt: about.startedAt.toISOString() }, checks };
}

async function askedChecks(view: AgentView): Promise<readonly Check[]> {
  const late = Promise.withResolvers<readonly Check[]>();
  const timer = setTimeout(() => late.resolve([failure(`no answer within ${mostMs / 1000} s`)]), mostMs);
  try {
    return await Promise.race([view.checks(), late.promise]);
  } catch (error) {
    return [failure(error instanceof Error ? error.message : String(error))];
  } finally {
    clearTimeout(timer);
  }
}

function failure(message: string): Check {
  return { section: 'agent', name: 'the agent can look at itself', state: 'failed', message, hint: 'its log tells more' };
}
