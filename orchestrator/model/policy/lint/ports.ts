// Ports: texts and ranges that mean another port than they show.

import type { Field } from '../translate/field.ts';
import { parsePortText } from '../translate/port-text.ts';
import type { LintRule, LintView } from './sites.ts';

export const ports: readonly LintRule[] = [
  {
    class: 'end-port',
    about: 'an endPort below its port, or beside a name, says nothing',
    *find(view) {
      for (const element of portElements(view)) {
        const endPort = element.get('endPort');
        if (typeof endPort.value !== 'number' || endPort.value === 0) continue;
        const { value } = element.get('port');
        const port = typeof value === 'number' ? { number: value } : parsePortText(String(value ?? ''));
        if (port === undefined) continue;
        if ('name' in port) yield [endPort, `a port by name has no range: only "${port.name}" is meant`];
        else if (endPort.value < port.number)
          yield [endPort, `${endPort.value} is below ${port.number}: only port ${port.number} is meant`];
      }
    },
  },
  {
    class: 'port-base',
    about: 'a port with leading zeros is octal, one with letters a name',
    *find(view) {
      for (const element of portElements(view)) {
        const text = element.get('port').text ?? '';
        const port = parsePortText(text);
        if (port === undefined || !/^0./.test(text)) continue;
        if ('number' in port)
          yield [element.get('port'), `"${text}" means port ${port.number}, since a number that begins with 0 is octal`];
        else yield [element.get('port'), `"${text}" is the name of a port, no number: write the number in decimal`];
      }
    },
  },
];

function* portElements({ kind, sites }: LintView): Iterable<Field> {
  for (const { element } of sites) {
    if (kind === 'NetworkPolicy') yield* element.get('ports').items;
    else for (const rule of element.get('toPorts').items) yield* rule.get('ports').items;
  }
}
