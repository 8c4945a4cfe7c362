// Outcomes: what running a case or a user's test gave, as every form of output needs it.

/** What somebody asked: the flow, the name that was matched; absent where the case is one question. */
export interface Question {
  readonly from?: string;
  readonly to?: string;
  readonly protocol?: string;
  readonly port?: number | string;
  readonly matchName?: string;
  readonly matchPattern?: string;
  readonly name?: string;
}

export interface Mismatch {
  readonly case: string;
  readonly title: string;
  readonly file: string;
  /** From 1; the column too where the file is written by hand. */
  readonly line: number;
  readonly column?: number;
  /** Which engine answered; absent where no packet was asked of. */
  readonly engine?: string;
  readonly probe?: Question;
  /** A word, or one per side of a flow. */
  readonly expected: Answer;
  readonly got: Answer;
  /** Why it was decided so, in lines. */
  readonly explanation?: string;
  /** Why the expected may well not be wanted. */
  readonly disputed?: string;
}

export type Answer = string | boolean | null | { readonly egress: string; readonly ingress: string; readonly verdict: string };

export interface Outcome {
  readonly file: string;
  readonly line: number;
  readonly id: string;
  readonly title: string;
  /** Of a user's suite: its tests are told one by one. */
  readonly isTest: boolean;
  /** Questions asked of every engine. */
  readonly probes: number;
  readonly mismatches: readonly Mismatch[];
  readonly disputed: readonly Mismatch[];
  readonly milliseconds: number;
}

export interface Summary {
  readonly cases: number;
  readonly probes: number;
  readonly mismatches: number;
  readonly disputed: number;
  readonly engines: readonly string[];
  readonly milliseconds: number;
}

/** One form of output. Outcomes come in the order of the files. */
export interface Reporter {
  outcome(outcome: Outcome): void;
  end(summary: Summary): void;
}

export type Write = (text: string) => void;

/** `shop/checkout → shop/db 5432/tcp`, `*.example.com ~ www.example.com`; empty without a question. */
export function questionText({ from, to, protocol, port, matchName, matchPattern, name }: Question): string {
  if (from !== undefined) return `${from} → ${to} ${port}/${protocol?.toLowerCase()}`;
  return `${matchName === undefined ? `matchPattern ${matchPattern}` : `matchName ${matchName}`} ~ ${name}`;
}

/** `deny (egress allow, ingress deny)` */
export function answerText(answer: Answer): string {
  if (answer === null || typeof answer !== 'object') return String(answer ?? 'refused');
  return `${answer.verdict} (egress ${answer.egress}, ingress ${answer.ingress})`;
}
