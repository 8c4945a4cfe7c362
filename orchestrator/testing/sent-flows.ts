// Sent flows: the keys of flows that connections of a machine may have left in its map.

import type { FlowKey } from '../datapath/generated/layouts.ts';
import { flowKey } from './flow-key.ts';
import type { Message } from './message.ts';

export class SentFlows {
  private readonly keys = new Map<string, FlowKey>();

  note(message: Message): void {
    const key = flowKey(message);
    this.keys.set(Object.values(key).join(), key);
  }

  /** Those that are kept; `visit` says whether to. */
  filter(visit: (key: FlowKey) => boolean): void {
    for (const [text, key] of this.keys) if (!visit(key)) this.keys.delete(text);
  }
}
