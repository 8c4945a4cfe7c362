// What a target of a reconciler is asked for. Rows stand for themselves: what a row occupies in the target is decided by its primary
// key, so that writing a row again replaces what it was. Each call ends in bounded time, by its own deadline.

export interface Operations<Row> {
  /** Inserts or replaces. May be repeated. When it throws, any part of it may have been done. */
  update(rows: readonly Row[]): Promise<void>;
  /** What is not there is not an error. May be repeated. The rows are as they were last, which need not be what the target has. */
  delete(rows: readonly Row[]): Promise<void>;
  /** Removes whatever none of these rows stands for. Called only when the table is initialised: the rows are all that should be. */
  prune(rows: readonly Row[]): Promise<void>;
}
