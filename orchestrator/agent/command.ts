// The command `agent`: flags in, signals in; it ends when it is told to, and leaves everything that packets need in place.

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
  try {
    await runAgent(config, { signal: stopping.signal });
  } finally {
    // When one part fails the others end too: what starts us starts us anew.
    stopping.abort();
  }
  return 0;
}
