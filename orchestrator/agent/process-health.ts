// Process health: what is wrong with the process that packets run in, as far as it says so itself within a moment.

import type { SharedDatapath } from '../datapath/wasm/shared-datapath.ts';

/** Whoever asks for a status waits for nobody. */
const answerMs = 500;

export async function processProblems(datapath: Pick<SharedDatapath, 'status'>): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, answerMs, undefined);
  });
  try {
    const status = await Promise.race([datapath.status(), late]);
    if (status === undefined) return [`it does not answer within ${answerMs} ms: no packet of a pod passes if it does not run`];
    return [...status.missing.map(({ number, error }) => `port ${number}: ${error}`), ...(status.problems ?? [])];
  } catch (error) {
    return [(error as Error).message];
  } finally {
    clearTimeout(timer);
  }
}
