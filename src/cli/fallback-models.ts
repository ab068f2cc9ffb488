import type { Provider } from '../registry/snapshot.ts';

/** A vendor's inexpensive, long-lived chat model, by provider type, likeliest first. */
const preferred: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-4o-mini', 'gpt-4.1-mini'],
  anthropic: ['claude-haiku-4-5', 'claude-3-5-haiku-latest'],
  gemini: ['gemini-2.5-flash', 'gemini-2.0-flash'],
  cohere: ['command-r7b-12-2024', 'command-r'],
  mistral: ['mistral-small-latest'],
  groq: ['llama-3.1-8b-instant'],
  deepseek: ['deepseek-chat'],
  xai: ['grok-3-mini'],
  openrouter: ['openrouter/auto'],
  together: ['meta-llama/Llama-3.3-70B-Instruct-Turbo'],
};

/** What to ask a hosted provider for: one it lists where it does, else what it is known to have; undefined: unknown. */
export function fallbackModel({ type, offers }: Provider): string | undefined {
  const known = preferred[type] ?? [];
  const chats = offers.filter(({ model }) => model.type === 'chat' || model.type === 'unknown');
  if (chats.length === 0) return known[0];
  return known.find((id) => chats.some(({ model }) => model.id === id)) ?? chats[0]?.model.id;
}
