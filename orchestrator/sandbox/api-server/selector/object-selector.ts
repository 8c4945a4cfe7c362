// Label selectors as they stand in objects: matchLabels and matchExpressions.
import { type FieldError, fieldForbidden, invalid, required } from '../field-error.ts';
import { type Json, listAt, recordAt, textAt } from '../object.ts';
import { keyProblem, valueProblem } from '../validation/names.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

export function selectorErrors(selector: Json, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(recordAt(selector, 'matchLabels'))) {
    const wrongKey = keyProblem(key);
    if (wrongKey !== undefined) errors.push(invalid(`${at}.matchLabels`, key, wrongKey));
    const wrongValue = valueProblem(String(value));
    if (wrongValue !== undefined) errors.push(invalid(`${at}.matchLabels`, value, wrongValue));
  }
  for (const [index, expression] of listAt(selector, 'matchExpressions').entries()) {
    const place = `${at}.matchExpressions[${index}]`;
    const operator = textAt(expression, 'operator');
    const values = listAt(expression, 'values').length;
    const wrongKey = keyProblem(textAt(expression, 'key'));
    if (!operators.includes(operator)) errors.push(invalid(`${place}.operator`, operator, 'not a valid selector operator'));
    else if (/In$/.test(operator) && values === 0)
      errors.push(required(`${place}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    else if (/Exist/.test(operator) && values > 0) {
      errors.push(fieldForbidden(`${place}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
    if (wrongKey !== undefined) errors.push(invalid(`${place}.key`, textAt(expression, 'key'), wrongKey));
  }
  return errors;
}

/** As kubectl shows it: `a=b,c in (d,e)`; a selector of everything is `<none>`. */
export function selectorText(selector: Json): string {
  const labels = Object.entries(recordAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`);
  const expressions = listAt(selector, 'matchExpressions').map((expression) => {
    const key = textAt(expression, 'key');
    const values = (listAt(expression, 'values') as string[]).toSorted().join(',');
    const words: Record<string, string> = {
      In: `${key} in (${values})`,
      NotIn: `${key} notin (${values})`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return words[textAt(expression, 'operator')] ?? key;
  });
  const all = [...labels, ...expressions].toSorted();
  return all.length === 0 ? '<none>' : all.join(',');
}
