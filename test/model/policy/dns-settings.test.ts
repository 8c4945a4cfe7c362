// Annotations of policies about DNS, and what is ignored of them.
import t from 'tap';
import { defaultDnsSettings, readDnsSettings, widerSettings } from '../../../orchestrator/model/policy/dns-settings.ts';

const minTtl = (value: unknown) => readDnsSettings({ 'axoneme.io/dns-min-ttl': value });

t.test('a policy says for how long addresses of its names stay granted', async (t) => {
  t.same(readDnsSettings(), { settings: defaultDnsSettings, problems: [] });
  t.same(
    readDnsSettings({
      'axoneme.io/dns-min-ttl': '30s',
      'axoneme.io/dns-grace': '1m10s',
      'axoneme.io/dns-cname-names': 'true',
      'axoneme.io/audit': 'true',
    }),
    { settings: { minTtl: 30, grace: 70, each: true }, problems: [] },
  );
  const durations = { '0s': 0, '1h': 3600, '1h1s': 3601, '2m': 120, '168h': 604_800 };
  for (const [text, seconds] of Object.entries(durations)) t.equal(minTtl(text).settings.minTtl, seconds, text);
});

t.test('what means nothing is ignored, and told with the annotation and the value', async (t) => {
  for (const value of ['', '30', '30 s', '-1s', '1.5s', '1s1h', 's', '169h', '500ms', 'forever', 30, null, { s: 1 }]) {
    const { settings, problems } = minTtl(value);
    t.same(settings, defaultDnsSettings);
    t.same(problems, [`axoneme.io/dns-min-ttl: not a duration of whole seconds up to a week, like 30s or 1m30s: ${JSON.stringify(value)}`]);
  }
  t.same(readDnsSettings({ 'axoneme.io/dns-cname-names': 'yes', 'axoneme.io/dns-grace': '2s' }), {
    settings: { ...defaultDnsSettings, grace: 2 },
    problems: ['axoneme.io/dns-cname-names: neither true nor false: "yes"'],
  });
});

t.test('of several policies the longer times hold', async (t) => {
  t.same(widerSettings({ minTtl: 30, grace: 0, each: false }, { minTtl: 5, grace: 10, each: true }), { minTtl: 30, grace: 10, each: true });
});
