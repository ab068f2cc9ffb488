import type { Client } from './client.ts';
import { chatClient } from './clients/chat.ts';
import { completionsClient } from './clients/completions.ts';
import { geminiClient, geminiListClient } from './clients/gemini.ts';
import { messagesClient } from './clients/messages.ts';
import { ollamaChatClient, ollamaGenerateClient } from './clients/ollama.ts';
import { responsesClient } from './clients/responses.ts';
import type { Upstream } from './upstream.ts';
import { azureUpstream } from './upstreams/azure.ts';
import { chatUpstream } from './upstreams/chat.ts';
import { cohereUpstream } from './upstreams/cohere.ts';
import { converseUpstream } from './upstreams/converse.ts';
import { geminiUpstream } from './upstreams/gemini.ts';
import { messagesUpstream } from './upstreams/messages.ts';
import { responsesUpstream } from './upstreams/responses.ts';

/** Every way in. */
export const clients: readonly Client[] = [
  chatClient,
  completionsClient,
  responsesClient,
  messagesClient,
  geminiClient,
  geminiListClient,
  ollamaChatClient,
  ollamaGenerateClient,
];

/** Every way out. */
export const upstreams: readonly Upstream[] = [
  chatUpstream,
  responsesUpstream,
  messagesUpstream,
  geminiUpstream,
  cohereUpstream,
  converseUpstream,
  azureUpstream,
];
