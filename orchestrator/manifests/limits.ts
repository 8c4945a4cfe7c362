// Limits: how much of a manifest is read before it is refused. Every message that refuses names the limit.

/** Bytes of a file. */
export const mostBytes = 16 * 1024 * 1024;
/** Values of a document, each mention of an anchor counted with all that it stands for. */
export const mostValues = 2_000_000;
/** Maps and lists within each other. */
export const deepest = 100;
/** Documents of a text. */
export const mostDocuments = 100_000;
/** Problems of a document's text: what follows a broken line is mostly its echo. */
export const mostTextProblems = 10;
/** Characters of a document of YAML. The library needs some hundred times the memory of the text. */
export const mostYaml = 4 * 1024 * 1024;
/** Words and marks of a document of YAML. */
export const mostYamlTokens = 1_000_000;
