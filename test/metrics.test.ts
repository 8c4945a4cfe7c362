// Metrics as Prometheus reads them.
import t from 'tap';
import { contentType, Metrics, type Sample } from '../orchestrator/metrics.ts';

t.test('counters and gauges are told with their help, their type and their labels', async (t) => {
  const metrics = new Metrics();
  const drops = metrics.counter({ name: 'axoneme_drops_total', help: 'packets dropped', labels: ['reason', 'direction'] });
  drops.add({ reason: 'policy', direction: 'in' });
  drops.add({ direction: 'in', reason: 'policy' }, 2);
  drops.add({ reason: 'map full', direction: 'out' }, 0);
  metrics.counter({ name: 'axoneme_starts_total', help: 'starts' });
  const age = metrics.gauge({ name: 'axoneme_age_seconds', help: 'age', labels: ['of'] });
  age.set({ of: 'a' }, 1.5);
  age.set({ of: 'gone' }, 2);
  age.remove({ of: 'gone' });
  age.set({ of: 'never' }, Number.POSITIVE_INFINITY);
  age.set({ of: 'unknown' }, Number.NaN);
  t.equal(
    metrics.text(),
    [
      '# HELP axoneme_age_seconds age',
      '# TYPE axoneme_age_seconds gauge',
      'axoneme_age_seconds{of="a"} 1.5',
      'axoneme_age_seconds{of="never"} +Inf',
      'axoneme_age_seconds{of="unknown"} NaN',
      '# HELP axoneme_drops_total packets dropped',
      '# TYPE axoneme_drops_total counter',
      'axoneme_drops_total{reason="policy",direction="in"} 3',
      'axoneme_drops_total{reason="map full",direction="out"} 0',
      '# HELP axoneme_starts_total starts',
      '# TYPE axoneme_starts_total counter',
      'axoneme_starts_total 0',
      '',
    ].join('\n'),
  );
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  t.equal(new Metrics().text(), '');
});

t.test('what would end a line or a text is escaped', async (t) => {
  const metrics = new Metrics();
  metrics.gauge({ name: 'a', help: 'one\\two\nthree "four"', labels: ['b'] }).set({ b: 'x\\y\n"z"\u2028' }, -1);
  t.equal(metrics.text(), '# HELP a one\\\\two\\nthree "four"\n# TYPE a gauge\na{b="x\\\\y\\n\\"z\\"\u2028"} -1\n');
});

t.test('a histogram counts up to each end, and all', async (t) => {
  const metrics = new Metrics();
  const times = metrics.histogram({ name: 'a_seconds', help: 'times', labels: ['of'], buckets: [0.1, 1, 10] });
  for (const value of [0.05, 0.1, 0.5, 10, 11, Number.POSITIVE_INFINITY]) times.observe({ of: 'x' }, value);
  t.equal(
    metrics.text(),
    [
      '# HELP a_seconds times',
      '# TYPE a_seconds histogram',
      'a_seconds_bucket{of="x",le="0.1"} 2',
      'a_seconds_bucket{of="x",le="1"} 3',
      'a_seconds_bucket{of="x",le="10"} 4',
      'a_seconds_bucket{of="x",le="+Inf"} 6',
      'a_seconds_sum{of="x"} +Inf',
      'a_seconds_count{of="x"} 6',
      '',
    ].join('\n'),
  );
});

t.test('numbers that others keep are asked for when the text is, and stay together by their name', async (t) => {
  const metrics = new Metrics();
  let rows = 1;
  const sample = (of: string): Sample => ({ name: 'rows', help: 'rows', type: 'gauge', labels: { of }, value: rows });
  metrics.collect(() => [sample('a')]);
  const end = metrics.collect(() => [sample('b'), { name: 'other', help: 'o', type: 'counter', value: 7 }]);
  rows = 2;
  t.equal(
    metrics.text(),
    '# HELP other o\n# TYPE other counter\nother 7\n# HELP rows rows\n# TYPE rows gauge\nrows{of="a"} 2\nrows{of="b"} 2\n',
  );
  end();
  t.notMatch(metrics.text(), /other|"b"/);
  metrics.collect(() => [sample('a')]);
  t.throws(() => metrics.text(), /twice/);
});

t.test('what is no metric is a fault of the program', async (t) => {
  const metrics = new Metrics();
  const one = metrics.counter({ name: 'one', help: '', labels: ['a'] });
  t.throws(() => metrics.gauge({ name: 'one', help: '' }), TypeError);
  t.throws(() => metrics.gauge({ name: '1', help: '' }), TypeError);
  t.throws(() => metrics.gauge({ name: 'a-b', help: '' }), TypeError);
  t.throws(() => metrics.gauge({ name: 'a', help: '', labels: ['__x'] }), TypeError);
  t.throws(() => metrics.histogram({ name: 'a', help: '', buckets: [2, 1] }), TypeError);
  t.throws(() => metrics.histogram({ name: 'a', help: '', labels: ['le'], buckets: [1] }), TypeError);
  t.throws(() => one.add({ a: 'x' }, -1), RangeError);
  t.throws(() => one.add({} as { a: string }), TypeError);
  t.throws(() => one.add({ a: 'x', b: 'y' } as { a: string }), TypeError);
});
