import { describe, expect, test } from 'vitest';
import { encodeWarmUp, warmUpOf } from '../../../../src/protocols/ollama/warm-up.ts';
import {
  formatId as ollamaChatFormat,
  embedFormatId as ollamaEmbedFormat,
  generateFormatId as ollamaGenerateFormat,
} from '../../../../src/protocols/ollama/wire.ts';
import { png } from './samples.ts';

describe('a warm-up is', () => {
  test.each([
    [ollamaGenerateFormat, { model: 'm' }, 'load'],
    [ollamaGenerateFormat, { model: 'm', prompt: '', keep_alive: '10m' }, 'load'],
    [ollamaGenerateFormat, { model: 'm', keep_alive: 0 }, 'unload'],
    [ollamaGenerateFormat, { model: 'm', keep_alive: '0s' }, 'unload'],
    [ollamaGenerateFormat, { model: 'm', keep_alive: '0m0.0s' }, 'unload'],
    [ollamaGenerateFormat, { model: 'm', keep_alive: '0m5s' }, 'load'],
    [ollamaChatFormat, { model: 'm', messages: [] }, 'load'],
    [ollamaChatFormat, { model: 'm', keep_alive: '0' }, 'unload'],
    [ollamaChatFormat, { model: 'm', keep_alive: -1 }, 'load'],
  ])('%j %j: %s', (format, body, action) => {
    expect(warmUpOf(format, body)).toEqual({
      model: 'm',
      action,
      keepAlive: (body as { keep_alive?: unknown }).keep_alive,
    });
  });
});

describe('no warm-up is', () => {
  test.each([
    [ollamaGenerateFormat, { model: 'm', prompt: 'Hi', keep_alive: 0 }],
    [ollamaGenerateFormat, { model: 'm', images: [png] }],
    [ollamaGenerateFormat, { prompt: '' }],
    [ollamaChatFormat, { model: 'm', messages: [{ role: 'user', content: '' }] }],
    [ollamaChatFormat, { model: 'm', messages: 'Hi' }],
    [ollamaEmbedFormat, { model: 'm', input: 'Hi' }],
  ])('%j %j', (format, body) => {
    expect(warmUpOf(format, body)).toBeUndefined();
  });
});

test('its answer is one finished object in the shape of its path', () => {
  const head = { model: 'm', created_at: '1970-01-01T00:00:00.000Z', done: true };
  expect(encodeWarmUp(ollamaGenerateFormat, { model: 'm', action: 'load' }, 0)).toEqual({
    ...head,
    response: '',
    done_reason: 'load',
  });
  expect(encodeWarmUp(ollamaChatFormat, { model: 'm', action: 'unload' }, 0)).toEqual({
    ...head,
    message: { role: 'assistant', content: '' },
    done_reason: 'unload',
  });
});
