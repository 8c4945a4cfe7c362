// The program of each hook in the kernel object.

import { HOOK_FROM_NETWORK, HOOK_FROM_OVERLAY, HOOK_FROM_POD, HOOK_TO_HOST, HOOK_TO_NETWORK, HOOK_TO_POD } from '../generated/enums.ts';

export const hookPrograms: Readonly<Record<number, string>> = {
  [HOOK_FROM_POD]: 'from_pod',
  [HOOK_TO_POD]: 'to_pod',
  [HOOK_FROM_OVERLAY]: 'from_overlay',
  [HOOK_FROM_NETWORK]: 'from_network',
  [HOOK_TO_NETWORK]: 'to_network',
  [HOOK_TO_HOST]: 'to_host',
};
