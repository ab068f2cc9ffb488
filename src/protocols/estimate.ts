import type { CanonicalRequest, ContentPart, Message } from './canonical.ts';

/** English text in today's vocabularies; code and other scripts need more, so callers mark results as estimates. */
const charactersPerToken = 4;
/** Role and separators of a chat template. */
const tokensPerMessage = 4;
/** An image of middle size in the pricing of the large providers. */
export const tokensPerImage = 800;

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / charactersPerToken);
}

/** All text of a part that the model reads or wrote; '' for media. */
function partText(part: ContentPart): string {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return part.text;
    case 'tool-call':
      return `${part.name}${part.arguments}`;
    case 'tool-result':
      return part.content.map(partText).join('\n');
    case 'document':
      return part.source.kind === 'text' ? part.source.text : '';
    case 'image':
    case 'audio':
      return '';
  }
}

/** The prompt as one text: for tokenizer endpoints and for estimates. Without media. */
export function requestText(request: CanonicalRequest): string {
  const messages = request.messages.map((message) => message.content.map(partText).join('\n'));
  const tools = request.tools.map((tool) => JSON.stringify([tool.name, tool.description ?? '', tool.parameters]));
  return [...messages, ...tools].join('\n');
}

function imagesIn(parts: readonly ContentPart[]): number {
  let images = 0;
  for (const part of parts) {
    if (part.kind === 'image') images += 1;
    else if (part.kind === 'tool-result') images += imagesIn(part.content);
  }
  return images;
}

function messageImages(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + imagesIn(message.content), 0);
}

/** Prompt tokens of a request. */
export function estimateInput(request: CanonicalRequest): number {
  return (
    estimateTokens(requestText(request).length) +
    request.messages.length * tokensPerMessage +
    messageImages(request.messages) * tokensPerImage
  );
}
