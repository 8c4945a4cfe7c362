// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Exit mutations: bugs to plant in what becomes of packets that the host sends to the network.

import type { Mutation } from './mutations.ts';

const core = 'kernel/generated/core.h';

export const exitMutations: readonly Mutation[] = [
  {
    bug: 'what another node’s backend answered is turned back once more',
    row: 'answered',
    file: core,
    within: 'is_to_client',
    from: 'entry->flags & CONNTRACK_ANSWERED',
    to: 'entry->flags & CONNTRACK_TRANSLATED',
  },
  {
    bug: 'an error about an answer is turned back as if it were about a question',
    row: 'answered',
    file: core,
    within: 'is_to_client',
    from: 'record->reply == 0',
    to: 'record->reply != 0',
  },
];
