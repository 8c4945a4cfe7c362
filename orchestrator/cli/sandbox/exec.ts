// axoneme sandbox exec: a program in a pod, a node, the world or the fabric, with this terminal.

import { attachIn } from '../../sandbox/exec.ts';
import { attachSandbox } from '../../sandbox/open.ts';
import { startBeside } from '../../sandbox/rootless.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = { name: sandboxFlag } as const;

export const exec: SandboxCommand = {
  sentence: 'Runs a program in a place of a sandbox; its status is the status.',
  usage: 'sandbox exec [FLAGS] PLACE -- PROGRAM [ARGUMENTS]',
  flags,
  notes: `
PLACE is a pod (east/shop/web: cluster, namespace, name), a node (east/a), "world", which is outside every cluster, or "fabric", the
network between nodes. The cluster may be left out when there is but one.`,
  async run(args, _terminal) {
    const end = args.indexOf('--');
    const { values, operands } = readFlags('sandbox exec', flags, end === -1 ? args : args.slice(0, end));
    const [place, ...words] = operands;
    const argv = [...words, ...(end === -1 ? [] : args.slice(end + 1))];
    if (place === undefined) throw usageError('sandbox exec', 'no place is given: a pod, a node, world or fabric');
    if (argv.length === 0) throw usageError('sandbox exec', 'no program is given');
    const name = chosenName(values.name);
    const ended = await startBeside(name);
    if (ended !== undefined) return ended;
    const sandbox = await attachSandbox(name);
    const entry = await sandbox.entry(place);
    sandbox.close();
    return attachIn(entry, argv);
  },
};
