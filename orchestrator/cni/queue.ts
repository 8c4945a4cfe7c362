// Queue: deletions that could not be delivered, as files that the agent reads when it is back. The runtime is told that the deletion
// succeeded: it would try without end, and no pod of a node could be removed while the agent is away.

import { mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { Refusal } from './refusal.ts';
import { type CniRequest, cniCode } from './request.ts';

/** One file an attachment, so that a deletion that is repeated is queued once. Throws Refusal. */
export function queueDeletion(folder: string, { containerId, netns, ifname }: CniRequest): void {
  const path = `${folder}/${containerId}-${ifname}.json`;
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(unfinished, `${JSON.stringify({ command: 'DEL', containerId, netns, ifname })}\n`, { flush: true });
    renameSync(unfinished, path);
  } catch (error) {
    try {
      unlinkSync(unfinished);
    } catch {
      // It never came to be.
    }
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refusal(
      cniCode.io,
      `deletion of ${containerId}: the agent is away, and the deletion cannot be queued: ${folder}: ${code ?? message}`,
    );
  }
}
