// The heap of a long-lived process: V8 lets the young part of it grow to three times 32 MB, and the old part by half or more between two
// looks at what is still needed, and gives little of it back.

import { setFlagsFromString } from 'node:v8';

/**
 * Called once, before anything large is read. What an agent makes is either gone at once or stays for long: a first sync of 50,000 pods
 * takes no longer with a young part of a megabyte and an old one that grows by a fifth, and 130 MB less; a node whose pods come and go
 * stays 20 MB smaller. V8 looks at both whenever it wants to grow.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
}
