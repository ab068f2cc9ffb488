import { z } from 'zod';

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Sum of `1h30m`-like text in the smallest unit of `units`; undefined when it is not such text. */
function sum(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const pattern = /(\d+(?:\.\d+)?)\s*([a-z]+)/giy;
  const trimmed = text.trim();
  let total = 0;
  let end = 0;
  for (let match = pattern.exec(trimmed); match !== null; match = pattern.exec(trimmed)) {
    const unit = units[(match[2] ?? '').toLowerCase()];
    if (unit === undefined) return undefined;
    total += Number(match[1]) * unit;
    end = pattern.lastIndex;
  }
  return end > 0 && end === trimmed.length ? Math.round(total) : undefined;
}

/** `30s`, `500ms`, `1h30m`, or a bare number of seconds; comes out in milliseconds. */
export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms =
    typeof value === 'number' || /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : sum(value, durationUnits);
  if (ms !== undefined && ms >= 0) return ms;
  context.addIssue({
    code: 'custom',
    message: `"${value}" is not a duration`,
    params: { hint: 'write 500ms, 30s, 5m or 1h' },
  });
  return z.NEVER;
});

/** `10MB`, `512KiB`, or a bare number of bytes. */
export const bytes = z.union([z.string(), z.number()]).transform((value, context) => {
  const size = typeof value === 'number' || /^\d+$/.test(value) ? Number(value) : sum(value, byteUnits);
  if (size !== undefined && size > 0) return size;
  context.addIssue({
    code: 'custom',
    message: `"${value}" is not a size`,
    params: { hint: 'write 512KB, 10MB or a number of bytes' },
  });
  return z.NEVER;
});

/** A positive whole number. */
export const count = z.int().positive();
