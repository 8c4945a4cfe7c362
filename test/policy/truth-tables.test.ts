// Truth tables: who may reach whom in small clusters.
import t from 'tap';
import { openSmall } from './small-cluster.ts';
import { type TruthTable, truthTables } from './truth-tables.ts';

const signs: Readonly<Record<string, string>> = { allow: '+', redirect: '>', deny: '.' };

for (const given of truthTables) {
  t.test(given.title, async (t) => {
    const lines = given.table.split('\n').filter((line) => line.trim() !== '');
    const [columns = [], ...wanted] = lines.map((line) => line.trim().split(/\s+/));
    await using cluster = await openSmall(given);
    const found = wanted.map(([from = '', ...cells]) => {
      const signsOf = (to: string) => signs[cluster.flow(fullName(given, from), fullName(given, to), given.packet).verdict];
      return [from, ...columns.slice(0, cells.length).map(signsOf)].join(' ');
    });
    t.same(
      found,
      wanted.map((row) => row.join(' ')),
    );
  });
}

/** A table may leave the namespace out where the name is enough. */
function fullName({ pods, others = [] }: TruthTable, name: string): string {
  if (name in pods || (others as readonly string[]).includes(name)) return name;
  return Object.keys(pods).find((pod) => pod.endsWith(`/${name}`)) ?? name;
}
