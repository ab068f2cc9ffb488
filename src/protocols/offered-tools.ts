import type { CanonicalRequest, Tool } from './canonical.ts';

/** The tools to show on a wire that cannot name several allowed ones: the others are left out instead. */
export function offeredTools({ tools, toolChoice }: CanonicalRequest): readonly Tool[] {
  if (toolChoice?.kind !== 'allowed') return tools;
  const names = new Set(toolChoice.names);
  return tools.filter((tool) => names.has(tool.name));
}
