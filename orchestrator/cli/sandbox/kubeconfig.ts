// axoneme sandbox kubeconfig: how kubectl reaches a cluster.

import { readFileSync } from 'node:fs';
import { attachSandbox } from '../../sandbox/open.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { chosenCluster } from './apply.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = { name: sandboxFlag } as const;

export const kubeconfig: SandboxCommand = {
  sentence: 'Prints a kubeconfig with which kubectl on this machine is an administrator of the cluster.',
  usage: 'sandbox kubeconfig [FLAGS] [CLUSTER]',
  flags,
  notes: '',
  async run(args, { write }) {
    const { values, operands } = readFlags('sandbox kubeconfig', flags, args);
    if (operands.length > 1) throw usageError('sandbox kubeconfig', `more than one cluster: ${operands.join(' ')}`);
    const sandbox = await attachSandbox(chosenName(values.name));
    write(readFileSync(chosenCluster(sandbox, operands[0]).kubeconfig, 'utf8'));
    sandbox.close();
    return 0;
  },
};
