// Durations as people write them: 500ms, 30s, 5m, 2h, 1d, 1h30m.

import { usageError } from '../policy/flags.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. */
export function readDuration(command: string, flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw usageError(command, `--${flag} is a duration like 500ms, 30s, 5m or 1h30m: "${text}"`);
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit as string] as number), 0);
}

/** The two largest units: `3h12m`, `45s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join('');
}
