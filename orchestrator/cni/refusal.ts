// Refusal: an error in the form of CNI: a number that runtimes know, a sentence, and details.

export class Refusal extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = '') {
    super(message);
    this.code = code;
    this.details = details;
  }
}
