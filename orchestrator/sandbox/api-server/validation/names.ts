// Rules for names, label keys and label values, and the sentences about those that break them.

const alphanumeric = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${alphanumeric}(\\.${alphanumeric})*`;
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;
const rfc1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const patterns = {
  subdomain: whole(subdomain),
  label: whole(alphanumeric),
  rfc1035: whole(rfc1035),
  key: whole(labelKey),
  value: whole(labelValue),
};

const sentences = {
  subdomain: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  label: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${alphanumeric}')`,
  rfc1035: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${rfc1035}')`,
  key: `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${labelKey}')`,
  value: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
};

const most = { subdomain: 253, label: 63, rfc1035: 63, key: 63, value: 63 };

export type NameRule = 'subdomain' | 'label' | 'rfc1035' | 'path';

/** What is wrong with a name, if anything is. */
export function nameProblem(name: string, rule: NameRule): string | undefined {
  if (rule === 'path') {
    if (name === '.' || name === '..') return `may not be '${name}'`;
    return /[/%]/.test(name) ? `may not contain '${/[/%]/.exec(name)?.[0]}'` : undefined;
  }
  if (name.length > most[rule]) return `must be no more than ${most[rule]} characters`;
  return patterns[rule].test(name) ? undefined : sentences[rule];
}

/** What is wrong with `prefix/name`, or `name`. */
export function keyProblem(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.length > 2)
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${labelKey}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  const name = parts[parts.length - 1];
  if (parts.length === 2) {
    if (parts[0] === '') return 'prefix part must be non-empty';
    const problem = nameProblem(parts[0], 'subdomain');
    if (problem !== undefined) return `prefix part ${problem}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > most.key) return `name part must be no more than ${most.key} characters`;
  return patterns.key.test(name) ? undefined : sentences.key;
}

export function valueProblem(value: string): string | undefined {
  if (value.length > most.value) return `must be no more than ${most.value} characters`;
  return patterns.value.test(value) ? undefined : sentences.value;
}
