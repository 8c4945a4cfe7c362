// The quick verification, as `npm run verify -- --quick` runs it: over the bytes that ship, in little more than a minute of a processor.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { exportedNames } from '../../../kernel/verify/proof/functions.ts';
import type { Report } from '../../../kernel/verify/report.ts';
import { kernelObject } from '../../support/kernel.ts';

const skip = existsSync(kernelObject) ? false : 'the kernel object has not been built: npm run build';

t.test('the quick run proves all but the top of the chain, and finds what is planted', { skip, timeout: 3_000_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'verify-report-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['kernel/verify/main.ts', '--quick', '--seed', '11', '--report', file], {
    encoding: 'utf8',
  });
  t.equal(status, 0, `${stdout}${stderr}`);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  t.same(
    report.functions.filter(({ status }) => status !== 'proved').map(({ name, reason }) => `${name}: ${reason}`),
    [],
  );
  t.same(
    report.functions.map(({ name }) => name).sort(),
    exportedNames('datapath-as/core')
      .filter((name) => name !== 'decide')
      .sort(),
  );
  t.equal(report.differences, 0);
  t.same(report.mutations, { planted: 3, found: 3 });
});
