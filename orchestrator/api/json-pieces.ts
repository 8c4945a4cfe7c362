// Long lists as JSON, piece by piece: `{…head, "items": […]}` of which never more than one piece is held as text.

import { plain } from './reply.ts';

const itemsInPiece = 256;

export async function* jsonPieces(
  head: Readonly<Record<string, unknown>>,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<string> {
  const opening = JSON.stringify(head, plain).slice(0, -1);
  let piece = `${opening}${opening === '{' ? '' : ','}"items":[`;
  let count = 0;
  for await (const item of items) {
    piece += `${count === 0 ? '' : ','}${JSON.stringify(item, plain)}`;
    count += 1;
    if (count % itemsInPiece === 0) {
      yield piece;
      piece = '';
    }
  }
  yield `${piece}]}\n`;
}
