// Harmless text: what others named, files or labels, commands no terminal.

/** Control characters become question marks, but for line ends, tabs and our own colours. */
export function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, (character, offset: number) => {
    if (character === '\n' || character === '\t') return character;
    return character === '\u001b' && /^\[\d{1,2}m/.test(text.slice(offset + 1, offset + 5)) ? character : '?';
  });
}
