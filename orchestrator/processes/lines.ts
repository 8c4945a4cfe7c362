// Lines: what processes say to each other over a socket or a pipe, a JSON object a line, read as it comes.

import type { Readable } from 'node:stream';

/** Characters of a request: no name, path or command line comes near it. */
export const longestRequest = 64 << 10;
/** Characters of an answer: a million rows, as many as a client may ask for, of 250 characters. */
export const longestAnswer = 256 << 20;

/**
 * Calls `take` with each whole line, without its end. The stream is destroyed at a line of more than `longest` characters, which nobody
 * writes who knows what is read here; after that, or when `take` has destroyed it, nothing more is taken.
 */
export function readLines(stream: Readable, longest: number, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    // Joined once a line, not once a chunk: a long answer comes in thousands of them.
    if (!text.includes('\n')) rest += text;
    else {
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) {
        if (line.length > longest) stream.destroy();
        if (stream.destroyed) return;
        take(line);
      }
    }
    if (rest.length > longest) stream.destroy();
  });
}
