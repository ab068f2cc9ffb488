import type { Pricing } from '../../core/model.ts';

/** `32,768`; a dash for what is not known. */
export function countText(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toLocaleString('en-US');
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in the units of a file listing: `4.7 GB`. */
export function sizeText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '-';
  const step = Math.min(sizeUnits.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${sizeUnits[step]}`;
}

/** US dollars per million tokens, in and out. Local models cost nothing unless somebody says so. */
export function priceText(pricing: Pick<Pricing, 'input' | 'output'> | null, isLocal: boolean): string {
  if (pricing === null) return isLocal ? 'free' : '-';
  return `$${pricing.input}/$${pricing.output}`;
}

export function dollarText(value: number): string {
  return value === 0 ? '$0' : `$${value.toFixed(value < 0.01 ? 6 : 4)}`;
}
