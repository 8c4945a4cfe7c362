// The document of version 2 in protobuf, which is how kubectl up to 1.26 asks for it. Field numbers are those of gnostic's OpenAPIv2.proto.
import { isRecord, type Json } from '../object.ts';
import { Message } from './protobuf.ts';

export function documentMessage(document: Json): Buffer {
  const info = document.info as Json;
  const paths = new Message();
  for (const [path, item] of Object.entries(document.paths as Json)) paths.message(2, named(path, pathItem(item as Json)));
  return new Message()
    .text(1, document.swagger)
    .message(2, new Message().text(1, info.title).text(2, info.version))
    .message(8, paths)
    .message(9, namedSchemas(document.definitions as Json))
    .finish();
}

const named = (name: string, value: Message) => new Message().text(1, name).message(2, value);

function namedSchemas(schemas: Json): Message {
  const message = new Message();
  for (const [name, schema] of Object.entries(schemas)) message.message(1, named(name, schemaMessage(schema as Json)));
  return message;
}

/** Values of no certain type travel as YAML, of which JSON is a part. */
const anything = (value: unknown) => new Message().text(2, JSON.stringify(value));

function schemaMessage(schema: Json): Message {
  const { additionalProperties: rest, type, items, properties } = schema;
  const message = new Message()
    .text(1, schema.$ref)
    .text(2, schema.format)
    .text(4, schema.description)
    .message(5, schema.default === undefined ? undefined : anything(schema.default))
    .double(7, schema.maximum)
    .boolean(8, schema.exclusiveMaximum)
    .double(9, schema.minimum)
    .boolean(10, schema.exclusiveMinimum)
    .integer(11, schema.maxLength)
    .integer(12, schema.minLength)
    .text(13, schema.pattern)
    .integer(14, schema.maxItems)
    .integer(15, schema.minItems)
    .boolean(16, schema.uniqueItems)
    .integer(17, schema.maxProperties)
    .integer(18, schema.minProperties)
    .texts(19, schema.required);
  for (const value of Array.isArray(schema.enum) ? schema.enum : []) message.message(20, anything(value));
  if (isRecord(rest)) message.message(21, new Message().message(1, schemaMessage(rest)));
  else if (rest === true) message.message(21, new Message().boolean(2, true));
  if (typeof type === 'string') message.message(22, new Message().texts(1, [type]));
  if (isRecord(items)) message.message(23, new Message().message(1, schemaMessage(items)));
  if (isRecord(properties)) message.message(25, namedSchemas(properties));
  for (const [name, value] of Object.entries(schema)) if (name.startsWith('x-')) message.message(31, named(name, anything(value)));
  return message;
}

const fields: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(item: Json): Message {
  const message = new Message();
  for (const [method, operation] of Object.entries(item)) message.message(fields[method], operationMessage(operation as Json));
  return message;
}

function operationMessage(operation: Json): Message {
  const message = new Message().text(5, operation.operationId);
  for (const { name, in: place, type } of operation.parameters as Json[]) {
    const query = new Message().text(2, place).text(4, name).text(6, type).boolean(20, true);
    message.message(8, new Message().message(1, new Message().message(2, new Message().message(3, query))));
  }
  const response = new Message().message(1, new Message().text(1, 'OK'));
  message.message(9, new Message().message(1, named('200', response)));
  for (const [name, value] of Object.entries(operation)) if (name.startsWith('x-')) message.message(13, named(name, anything(value)));
  return message;
}
