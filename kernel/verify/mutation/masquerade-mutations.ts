// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Masquerade mutations: bugs to plant in which port a client of the network gets.

import type { Mutation } from './mutations.ts';

const core = 'kernel/generated/core.h';

export const masqueradeMutations: readonly Mutation[] = [
  {
    bug: 'a port is claimed although somebody else’s live flow has it',
    row: 'masquerade',
    file: core,
    within: 'is_free',
    from: '|| is_of_client(scratch, entry)',
    to: '|| 1',
  },
  {
    bug: 'a port is taken from a connection that one side has closed',
    row: 'masqueradeAgain',
    file: core,
    within: 'is_left',
    from: '== CONNTRACK_BOTH_CLOSED',
    to: '!= 0',
  },
  {
    bug: 'the last port is never offered',
    row: 'masquerade',
    file: core,
    within: 'masquerade',
    from: 'offer(scratch, first, last - first + 1',
    to: 'offer(scratch, first, last - first',
  },
];
