// The command `agent`: flags in, signals in; it ends when it is told to, and leaves everything that packets need in place.

import type { LifeOptions } from '../agent.ts';
import { configHelp, readConfig } from '../config.ts';
import { keepHeapSmall } from '../heap.ts';
import { log } from '../log.ts';
import { checkCapabilities } from './capabilities.ts';

export async function agentCommand(args: readonly string[], { write }: { write: (text: string) => void }): Promise<number> {
  if (args.includes('--help')) {
    write(configHelp());
    return 0;
  }
  const { config, warnings } = readConfig(args);
  log.level = config.logLevel;
  for (const error of warnings) log.room('agent').warn('an option is not known', { error });
  checkCapabilities();
  keepHeapSmall();
  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
  const { runAgent } = await import('../agent.ts');
  for (let isAgain = true; isAgain; ) isAgain = await live(stopping.signal, (options) => runAgent(config, options));
  return 0;
}

/** A life ends with the process, or by itself: true when another one shall follow. */
async function live(stopped: AbortSignal, run: (options: LifeOptions) => Promise<void>): Promise<boolean> {
  const life = new AbortController();
  let isAgain = false;
  const again = () => {
    isAgain = true;
    life.abort();
  };
  try {
    await run({ signal: AbortSignal.any([stopped, life.signal]), again });
    return isAgain && !stopped.aborted;
  } finally {
    // When one part fails the others end too: what starts us starts us anew.
    life.abort();
  }
}
