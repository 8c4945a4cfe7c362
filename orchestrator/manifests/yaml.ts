// YAML: one document of a text, read by the library, within limits that the library itself does not have.

import type { CST, Document, ParsedNode } from 'yaml';
import { deepest, mostYaml, mostYamlTokens } from './limits.ts';
import type { Reading } from './reading.ts';
import type { Tree } from './tree.ts';
import { placeOf, sentenceOf } from './yaml-error.ts';
import { yamlLibrary } from './yaml-library.ts';
import { YamlTree } from './yaml-tree.ts';

export type YamlDocument = Document<ParsedNode, boolean>;

/** Objects are read without the library's own words: what an unquoted word is, is what it is to kubectl. */
const options = { schema: 'failsafe', uniqueKeys: false, merge: false, prettyErrors: false, logLevel: 'silent' } as const;

const advice = 'objects of Kubernetes have at most 1.5 MB: split it into documents, or give it as JSON';

/** Reads the document of a span; undefined: there is nothing in it. */
export function readYaml(text: string, start: number, end: number, reading: Reading): Tree | undefined {
  if (end - start > mostYaml)
    reading.stop('too-large', start, `the document has ${end - start} characters of YAML, at most ${mostYaml} are read: ${advice}`);
  // The marker tells the library that text may go on in lines that are not indented.
  const from = text.startsWith('---', start - 3) ? Math.max(start - 3, 0) : start;
  const source = new Source(text.slice(from, end), from, reading);
  const document = source.document();
  if (document === undefined) return undefined;
  const tag = source.tag;
  if (tag !== undefined) {
    const value = /[^ \t]|$/g;
    value.lastIndex = from + tag.offset + tag.text.length;
    const { path } = placeOf(document.contents, (value.exec(text)?.index ?? end) - from);
    reading.stop('tag', from + tag.offset, `the tag ${tag.text.slice(0, 60)} is not understood: leave it out`, path);
  }
  return new YamlTree(from, reading).read(document.contents);
}

class Source {
  private readonly text: string;
  private readonly from: number;
  private readonly reading: Reading;
  /** The first one: none is understood. */
  tag: { readonly offset: number; readonly text: string } | undefined;

  constructor(text: string, from: number, reading: Reading) {
    this.text = text;
    this.from = from;
    this.reading = reading;
  }

  document(): YamlDocument | undefined {
    const { Composer } = yamlLibrary();
    const limit = Error.stackTraceLimit;
    // The library makes an error with its stack of every comma too many.
    Error.stackTraceLimit = 0;
    try {
      const documents = [...new Composer<ParsedNode, boolean>(options).compose(this.tokens())];
      const [document] = documents;
      for (const { errors, contents } of documents) {
        const [first] = errors.sort((one, other) => one.pos[0] - other.pos[0]);
        if (first === undefined) continue;
        const { offset, path, message } = sentenceOf(first, contents, this.text);
        this.reading.stop('syntax', this.from + offset, message, path);
      }
      return document;
    } finally {
      Error.stackTraceLimit = limit;
    }
  }

  /** What the library's parser makes of its lexer's words, as long as it is not too much for what follows: that one recurs. */
  private *tokens(): Generator<CST.Token> {
    const { CST, Lexer, Parser } = yamlLibrary();
    const parser = new Parser();
    let count = 0;
    let scalar = false;
    for (const word of new Lexer().lex(this.text)) {
      if (++count > mostYamlTokens)
        this.stop('too-large', parser.offset, `the document has more than ${mostYamlTokens} words and marks of YAML: ${advice}`);
      if (word[0] === '!' && !scalar) this.tag ??= { offset: parser.offset, text: word };
      scalar = word === CST.SCALAR;
      yield* parser.next(word);
      if (parser.stack.length > deepest + 3) this.stop('too-deep', parser.offset, `maps and lists are more than ${deepest} deep`);
    }
    yield* parser.end();
  }

  private stop(name: string, offset: number, message: string): never {
    return this.reading.stop(name, this.from + Math.min(offset, this.text.length), message);
  }
}
