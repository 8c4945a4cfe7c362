// Regular expressions: which texts Go's engine takes, by the words of its own documentation.

import t from 'tap';
import { objectionToExpression } from '../../../../orchestrator/model/policy/translate/re2.ts';

const taken = [
  ...['', 'a', '/path/.*', '^/a$', 'a|b|', '|', '()', '(a)(b)', '(?:a)', '(?i)a', '(?i:a)', '(?s-i)a', '(?P<name>a)', '(?<name>a)'],
  ...['a*', 'a+?', 'a??', 'a{2}', 'a{2,}', 'a{2,5}?', 'a{,5}', 'a{', '{', 'a}', '^*', '(a*)*', '(a{30}){30}', 'a{1000}'],
  ...['[a]', '[^a]', '[]a]', '[^]a]', '[a-z0-9_]', '[-a]', '[a-]', '[a\\-z]', '[\\d\\s]', '[[:alpha:]]', '[[:^digit:]x]', '[\\]]', '[ü-ÿ]'],
  ...[
    '\\.',
    '\\/',
    '\\d\\D\\w\\W\\s\\S',
    '\\b\\B\\A\\z',
    '\\t\\n\\x41\\x{10FFFF}',
    '\\012',
    '\\0',
    '\\pN',
    '\\p{Greek}',
    '\\P{^Lu}',
    '\\Qa(b\\E',
    '\\Q(',
    'ü😀[😀]',
  ],
];
t.test('expressions that are taken', async (t) => {
  for (const text of taken) t.equal(objectionToExpression(text), undefined, text);
});

const refused = [
  ...['(', ')', '(a', 'a)', '(?', '(?=a)', '(?!a)', '(?<=a)', '(?<!a)', '(?#a)', '(?P=name)', '(?z)', '(?P<a-b>c)'],
  ...[
    '*',
    '+a',
    '?',
    '(*)',
    'a|*',
    'a**',
    'a+*',
    'a{2}*',
    'a{2}{3}',
    'a*??',
    '{2}',
    'a{1001}',
    'a{5,2}',
    '(a{40}){40}',
    '((a{11}){10}){10}',
  ],
  ...['[', '[a', '[]', '[^]', '[z-a]', '[a-\\d]', '[[:word', '[[:foo:]]', '[\\8]', '/[a'],
  ...['\\', 'a\\', '\\1', '\\8', '\\e', '\\Z', '\\C', '\\k<a>', '\\u0041', '\\xg', '\\x{110000}', '\\p{Klingon}', '\\pY', '\\ü'],
];
t.test('expressions that are refused, with what is wrong', async (t) => {
  for (const text of refused) t.type(objectionToExpression(text), 'string', text);
});

t.test('nesting and length have an end', async (t) => {
  t.equal(objectionToExpression(`${'('.repeat(900)}${')'.repeat(900)}`), undefined);
  t.type(objectionToExpression(`${'('.repeat(1500)}${')'.repeat(1500)}`), 'string');
  t.type(objectionToExpression('a'.repeat(1e6)), 'string');
});
