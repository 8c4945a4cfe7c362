// The guide to the policy commands: every command in it is run, and prints what stands below it.
import t from 'tap';
import { read, root } from '../../support/sources.ts';
import { runAsUser } from '../../support/user-process.ts';
import { main } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const guide = read('orchestrator/cli/policy/GUIDE.md');
const examples = [...guide.matchAll(/```sh\n(.*?)\n```\n\n```text\n(.*?)```/gs)].map(([, command, output]) => ({ command, output }));

for (const { command, output } of examples) {
  t.test(command, async (t) => {
    const { stdout, stderr } = runAsUser('sh', ['-c', `axoneme() { "${process.execPath}" "${main}" "$@"; }; ${command}`], root);
    t.equal(stderr, '');
    t.equal(withoutTime(stdout), withoutTime(output));
  });
}

function withoutTime(text: string): string {
  return text.replace(/\(\d+\.\d s\)/, '(… s)');
}

t.test('every block of the guide is a command or what one prints', async (t) => {
  t.equal([...guide.matchAll(/^```\w+$/gm)].length, 2 * examples.length);
  t.ok(examples.length >= 5);
});

t.test("a suite's fields and steps are the ones of the guide", async (t) => {
  const { suiteSchema } = await import('../../../orchestrator/cli/policy/suite/schema.ts');
  const named = new Set(
    [...guide.matchAll(/^\| (?:… )?(.+?) *\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)/g)].map(([, word]) => word)),
  );
  const step = suiteSchema.properties.flows.items.properties;
  for (const field of [...Object.keys(suiteSchema.properties), ...Object.keys(step)]) {
    if (!['name', 'protocol'].includes(field)) t.ok(named.has(field), field);
  }
});
