// Colours for a terminal that wants them, and columns that stay aligned with them.

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

/** Escape codes when `colour`, else the text as it is. */
export function openPaint(colour: boolean): Paint {
  const coloured = (code: number) => (text: string) => (colour ? `${escapeCharacter}[${code}m${text}${escapeCharacter}[0m` : text);
  return { good: coloured(32), bad: coloured(31), faint: coloured(90), strong: coloured(1) };
}

/** Whether a stream is a terminal that was not asked to be plain (NO_COLOR). */
export function wantsColour(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

const escapeCharacter = String.fromCharCode(27);
const escapes = new RegExp(`${escapeCharacter}\\[\\d+m`, 'g');

/** Pads to a width that counts only what is seen. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - text.replace(escapes, '').length));
}
