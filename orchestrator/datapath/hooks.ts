// Hooks by name: the programs of the kernel object, and the words of reports, for the numbers that the core knows.

import { HOOK_FROM_NETWORK, HOOK_FROM_OVERLAY, HOOK_FROM_POD, HOOK_TO_HOST, HOOK_TO_POD } from './generated/enums.ts';

export const hookNames: Readonly<Record<number, string>> = {
  [HOOK_FROM_POD]: 'from_pod',
  [HOOK_TO_POD]: 'to_pod',
  [HOOK_FROM_OVERLAY]: 'from_overlay',
  [HOOK_FROM_NETWORK]: 'from_network',
  [HOOK_TO_HOST]: 'to_host',
};
