// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Socket mutations: bugs to plant in what becomes of sockets' calls, and of what the host sends.

import { exitMutations } from './exit-mutations.ts';
import type { Mutation } from './mutations.ts';

const core = 'kernel/generated/core.h';

export const socketMutations: readonly Mutation[] = [
  ...exitMutations,
  {
    bug: 'a socket has no slot of its own',
    row: 'socketIndex',
    file: core,
    within: 'socket_hash',
    from: '(u32)(cookie >> 32)',
    to: '(u32)cookie',
  },
  {
    bug: 'sockets do not wrap around either',
    row: 'selectSocketSlot',
    file: core,
    within: 'select_slot',
    from: 'index + 1 == size ? 0 : index + 1',
    to: 'index + 1',
  },
  {
    bug: 'a namespace keeps its backend for ever',
    row: 'selectKeptForSocket',
    file: core,
    within: 'select_kept_for_socket',
    from: '!inline_has_expired(kept->expires, call->now)',
    to: 'kept->expires != 0',
  },
  {
    bug: 'a datagram goes to who has the number of a backend that is gone',
    row: 'keepSocketFlow',
    file: core,
    within: 'keep_socket_flow',
    from: 'backend->generation != found->generation',
    to: 'backend->generation == 0',
  },
  {
    bug: 'the way back forgets the port',
    row: 'applyToCall',
    file: core,
    within: 'is_origin',
    from: ' && known->port == call->port',
    to: '',
  },
  {
    bug: 'a loopback address in a pod is the node’s',
    row: 'isSocketsOwn',
    file: core,
    within: 'is_loopback',
    from: 'LOOPBACK6',
    to: 'LOOPBACK4',
  },
  {
    bug: 'a frontend for some clients is for all sockets',
    row: 'socketTranslate',
    file: core,
    within: 'socket_translate',
    from: 'FRONTEND_SOURCE_RANGES',
    to: 'FRONTEND_CLOSED',
  },
  {
    bug: 'a connection is kept like a datagram',
    row: 'socketTranslate',
    file: 'datapath-as/core/socket.ts',
    within: 'socketTranslate',
    from: 'call.kind == CALL_SEND && keepSocketFlow',
    to: 'keepSocketFlow',
  },
  {
    bug: 'the kernel asks who sent where it should ask who is meant',
    row: 'socketOrigin',
    file: 'kernel/lib/host.h',
    within: 'lookup_socket_reverse',
    from: '&socket_reverse',
    to: '&socket_flows',
  },
];
