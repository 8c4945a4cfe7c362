// Problems: requests that are not answered as asked. The message reads "subject: where: what, with the value", as everywhere.

export type ProblemStatus = 400 | 403 | 404 | 405 | 406 | 408 | 409 | 411 | 413 | 415 | 431 | 500 | 503;

export class Problem extends Error {
  readonly status: ProblemStatus;
  /** What the caller may do instead. */
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ProblemStatus, message: string, { hint, headers = {} }: { hint?: string; headers?: Record<string, string> } = {}) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.headers = headers;
  }

  get body(): { status: number; message: string; hint?: string } {
    return { status: this.status, message: this.message, ...(this.hint !== undefined && { hint: this.hint }) };
  }
}
