import type { FormatId } from '../protocol.ts';

export const formatId: FormatId = { protocol: 'generate_content', operation: 'chat' };
