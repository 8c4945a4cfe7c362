// Wake: something is done whenever a table changes, until a signal is aborted.

import { Bell } from '../state/bell.ts';
import type { Table } from '../state/table.ts';

export async function wake<Row>(table: Table<Row, string>, signal: AbortSignal, act: () => void): Promise<void> {
  const bell = new Bell();
  const follower = table.follow(bell);
  while (!signal.aborted) {
    if (follower.take().length > 0) act();
    await bell.wait({ signal });
  }
  follower.close();
}
