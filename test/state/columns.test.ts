// Tables that print themselves, and the registry that knows them by name.

import t from 'tap';
import { tableJson, tableText } from '../../orchestrator/state/columns.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { TableRegistry } from '../../orchestrator/state/table-registry.ts';

interface Row {
  readonly name: string;
  readonly labels?: ReadonlyMap<string, string>;
  readonly ports?: readonly number[];
  readonly mac?: Uint8Array;
  readonly count?: bigint;
}

function openRows() {
  const { table, writer } = openTable<Row>({
    name: 'rows',
    key: ({ name }) => name,
    columns: {
      name: ({ name }) => name,
      labels: ({ labels }) => labels,
      ports: ({ ports }) => ports,
      mac: ({ mac }) => mac,
      count: ({ count }) => count,
    },
  });
  writer.put({ name: 'web', labels: new Map([['app', 'web']]), ports: [80, 443], mac: Uint8Array.of(2, 0, 255), count: 2n ** 60n });
  writer.put({ name: 'db', ports: [] });
  return table;
}

t.test('text is a header and a line a row, by primary key, under each other', async (t) => {
  t.equal(
    tableText(openRows()),
    [
      'NAME  LABELS         PORTS   MAC     COUNT\n',
      'db    -              -       -       -\n',
      'web   {"app":"web"}  80,443  0200ff  1152921504606846976\n',
    ].join(''),
  );
});

t.test('JSON has what JSON knows, and columns that stand beside the rows', async (t) => {
  const table = openRows();
  const shown = tableJson(table, { beside: { status: ({ name }) => `${name} is done` } });
  t.same(JSON.parse(JSON.stringify(shown)), shown);
  t.same(shown[1], {
    name: 'web',
    labels: { app: 'web' },
    ports: [80, 443],
    mac: '0200ff',
    count: '1152921504606846976',
    status: 'web is done',
  });
});

t.test('what others named cannot move the cursor or break the line', async (t) => {
  const { table, writer } = openTable<Row>({ name: 'rows', key: ({ name }) => name, columns: { name: ({ name }) => name } });
  writer.put({ name: 'a\n\u001b[2Jb\u2028' });
  t.equal(tableText(table), 'NAME\na\\u000a\\u001b[2Jb\\u2028\n');
});

t.test('a registry knows tables by name, each name once', async (t) => {
  const registry = new TableRegistry();
  registry.add(openRows());
  t.same(registry.names(), ['rows']);
  const found = registry.get('rows');
  t.match(found === undefined ? '' : tableText(found), /^NAME/);
  t.equal(registry.get('another'), undefined);
  t.throws(() => registry.add(openRows()), /two tables are named "rows"/);
});
