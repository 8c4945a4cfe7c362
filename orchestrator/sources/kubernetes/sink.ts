// Sinks: whom a reflector tells. There is no `replace`: after a list the reflector tells what differs from what it had told, so that a
// relist of 50,000 objects of which one is new is one `put`.

import type { TableWriter } from '../../state/table-writer.ts';
import type { KubeObject } from './object.ts';

/** Called by one reflector, in order. Nothing may throw for an object, whatever it says: what it throws ends the process. */
export interface Sink {
  /** New, or changed. The object may be kept, and is never changed afterwards. */
  put(key: string, object: KubeObject): void;
  /** A key that was put. */
  delete(key: string): void;
  /** All that there is has been told; again after each `lost`. */
  synced(): void;
  /** From here on what was told may be out of date; it stays true as far as is known. */
  lost(reason: string): void;
}

export interface TableSinkOptions<Row extends object, Index extends string> {
  readonly writer: TableWriter<Row, Index>;
  /** Name of this source in the table: it has to be expected (`TableSpec.sources`, `TableWriter.expect`). */
  readonly source: string;
  /** The row of an object; `key` becomes the row's key. Never throws. */
  readonly row: (key: string, object: KubeObject, before: Row | undefined) => Row;
  /** Hears when the table may be out of date, with the reason, and with undefined when it is not any more. */
  readonly health?: (reason: string | undefined) => void;
}

export interface TableSink extends Sink {
  /** Rows that only say why their object means nothing. */
  readonly rejected: number;
}

/** Rows of a table whose key is the object's key. The table keeps its rows while the server is away. */
export function tableSink<Row extends object, Index extends string>(options: TableSinkOptions<Row, Index>): TableSink {
  const { writer, source, row, health } = options;
  let rejected = 0;
  return {
    get rejected() {
      return rejected;
    },
    put(key, object) {
      const before = writer.table.get(key);
      const after = row(key, object, before);
      rejected += isRejected(after) - isRejected(before);
      writer.put(after);
    },
    delete(key) {
      rejected -= isRejected(writer.table.get(key));
      writer.delete(key);
    },
    synced() {
      writer.delivered(source);
      health?.(undefined);
    },
    lost(reason) {
      health?.(reason);
    },
  };
}

function isRejected(row: object | undefined): 0 | 1 {
  return (row as { rejected?: unknown } | undefined)?.rejected === undefined ? 0 : 1;
}
