import { describe, expect, it } from 'vitest';
import { ask, modelFacts, ollama, places, server, snapshot } from './sample.ts';

const keys = { OPENAI_API_KEY: 'sk-1' };
const openai = {
  api_base: 'https://api.openai.com/v1',
  api_key: 'k',
  models: [{ id: 'gpt-4o' }, { id: 'gpt-4o-mini' }],
};

/** A laptop: Ollama, a llama.cpp, OpenAI and OpenRouter declared. */
const laptop = snapshot({
  servers: [
    ollama('llama3.1:latest', 'llama3.1:8b', 'nomic-embed-text:latest', 'hf.co/org/Model-GGUF:Q4_K_M'),
    server('http://127.0.0.1:8080', 'llamacpp', {
      answersAnyModel: true,
      models: [modelFacts('Qwen3-4B', { upstreamId: '/models/Qwen3-4B.gguf', context: 4096 })],
    }),
  ],
  config: {
    providers: {
      openai,
      openrouter: { api_key: 'k', models: [{ id: 'openai/gpt-4o' }, { id: 'openai/gpt-oss' }, { id: 'meta/llama-4' }] },
    },
    models: {
      default: {
        endpoints: [
          { provider: 'ollama', model: 'llama3.1:8b' },
          { provider: 'openai', model: 'gpt-4o' },
        ],
      },
      'openai:gpt-4o': { endpoints: [{ provider: 'ollama', model: 'llama3.1:8b' }] },
      'gpt-*': { endpoints: [{ provider: 'openai' }] },
      'gpt-5*': { endpoints: [{ provider: 'openrouter' }] },
      private: {
        local_only: true,
        endpoints: [
          { provider: 'openai', model: 'gpt-4o' },
          { provider: 'ollama', model: 'llama3.1' },
        ],
      },
    },
    presets: {
      terse: { model: 'default', system_prompt: 'Be brief.', params: { temperature: 0 } },
      home: { model: 'llama3.1', routing: { local_only: 'machine' } },
      bare: { params: { top_p: 0.5 } },
    },
    variants: { cloud: { routing: { ignore: ['ollama'] } } },
  },
});

describe('the rules of names, in their order', () => {
  it.each([
    // name, rule, candidates
    ['default', 'virtual-model', ['ollama:llama3.1:8b', 'openai:gpt-4o']],
    ['openai:gpt-4o', 'virtual-model', ['ollama:llama3.1:8b']],
    ['gpt-4.1', 'virtual-pattern', ['openai:gpt-4.1']],
    ['gpt-5-mini', 'virtual-pattern', ['openrouter:gpt-5-mini']],
    ['llama3.1:8b', 'model', ['ollama:llama3.1:8b']],
    ['meta/llama-4', 'model', ['openrouter:meta/llama-4']],
    ['openai/gpt-oss', 'model', ['openrouter:openai/gpt-oss']],
    ['openai/gpt-4o', 'provider/model', ['openai:gpt-4o']],
    ['ollama:llama3.1:8b', 'provider:model', ['ollama:llama3.1:8b']],
    ['ollama:llama3.1', 'provider:model', ['ollama:llama3.1:latest']],
    ['openai:o9-new', 'provider:model', ['openai:o9-new']],
    ['ollama/llama3.1:8b', 'provider/model', ['ollama:llama3.1:8b']],
    ['openrouter/meta/llama-4', 'provider/model', ['openrouter:meta/llama-4']],
    ['llama3.1:8b:local', 'variant', ['ollama:llama3.1:8b']],
    ['default:cloud', 'variant', ['openai:gpt-4o']],
    ['llama3.1', 'alias', ['ollama:llama3.1:latest']],
    ['library/llama3.1', 'alias', ['ollama:llama3.1:latest']],
    ['/models/Qwen3-4B.gguf', 'alias', ['llamacpp:/models/Qwen3-4B.gguf']],
    ['LLAMA3.1', 'case-folded', ['ollama:llama3.1:latest']],
    ['qwen3-4b', 'case-folded', ['llamacpp:/models/Qwen3-4B.gguf']],
    ['DEFAULT', 'case-folded', ['ollama:llama3.1:8b', 'openai:gpt-4o']],
    ['@terse', 'preset', ['ollama:llama3.1:8b', 'openai:gpt-4o']],
    ['@terse/llama3.1', 'preset', ['ollama:llama3.1:latest']],
    ['@terse/openai/gpt-4o', 'preset', ['openai:gpt-4o']],
    ['@terse:cloud', 'preset', ['openai:gpt-4o']],
    ['@terse/default:cloud', 'preset', ['openai:gpt-4o']],
    ['LLAMA.cpp:anything', 'provider:model', ['llamacpp:/models/Qwen3-4B.gguf']],
  ] as const)('%s is a %s', (name, rule, expected) => {
    const resolution = ask(laptop, name);
    expect(resolution).toMatchObject({ kind: 'found', rule });
    expect(places(resolution)).toEqual(expected);
  });

  it('cascades a bare name over everybody who has it, an Ollama tag included', () => {
    const two = snapshot({
      servers: [ollama('llama3.1:latest')],
      config: { providers: { groq: { api_key: 'k', models: [{ id: 'llama3.1', upstream_id: 'llama-3.1-8b' }] } } },
    });
    const resolution = ask(two, 'llama3.1');
    expect(places(resolution)).toEqual(['groq:llama-3.1-8b', 'ollama:llama3.1:latest']);
    expect(resolution).toMatchObject({ rule: 'model', isPinned: false, discovered: new Set(['ollama']) });
  });

  it('lets a provider without a name of that kind fall through', () => {
    const one = snapshot({ servers: [ollama('some:tag:more', 'org/model:latest')] });
    expect(ask(one, 'some:tag:more').rule).toBe('model');
    expect(ask(one, 'org/model').rule).toBe('alias');
    expect(ask(one, 'nobody:x').kind).toBe('unknown');
    expect(ask(one, 'nobody/x').kind).toBe('unknown');
  });

  it('strips a variant from a pinned name rather than send it upstream', () => {
    const local = ask(laptop, 'ollama:llama3.1:local');
    expect(local).toMatchObject({ kind: 'found', localOnly: true, isPinned: true });
    expect(places(local)).toEqual(['ollama:llama3.1:latest']);
    const hosted = ask(laptop, 'openai/gpt-4o:local');
    expect(hosted).toMatchObject({ kind: 'none-left', localOnly: true });
    expect(hosted.rejected.map(({ code }) => code)).toEqual(['local-only']);
  });

  it('prefers a model that is called like a variant', () => {
    const tagged = snapshot({
      servers: [ollama('llama3.1:8b', 'llama3.1:latest')],
      config: { variants: { '8b': { routing: { ignore: ['ollama'] } } } },
    });
    expect(ask(tagged, 'llama3.1:8b')).toMatchObject({ kind: 'found', rule: 'model' });
  });

  it('takes a word for a hosted vendor that is not there as part of the name', () => {
    expect(ask(laptop, 'anthropic:claude-x')).toMatchObject({ kind: 'unknown' });
  });
});

describe('a provider lock', () => {
  it.each([
    ['llama3.1', 'ollama', 'found', ['ollama:llama3.1:latest']],
    ['default', 'openai', 'found', ['openai:gpt-4o']],
    ['llama3.1', 'openai', 'found', ['openai:llama3.1']],
    ['never-heard-of', 'ollama', 'found', ['ollama:never-heard-of']],
    ['openrouter:meta/llama-4', 'openai', 'none-left', []],
    ['private', 'openrouter', 'none-left', []],
    ['vllm:x', 'ollama', 'none-left', []],
    ['auto', 'openai', 'found', ['openai:gpt-4o']],
    ['llama3.1', 'nobody', 'unknown-provider', []],
    ['llama3.1', 'vllm', 'down-type', []],
  ] as const)('of %s to %s is %s', (name, lock, kind, expected) => {
    const resolution = ask(laptop, name, { lock });
    expect(resolution).toMatchObject({ kind, rule: 'provider-lock' });
    expect(places(resolution)).toEqual(expected);
    if (kind === 'found') expect(resolution.isPinned).toBe(true);
  });

  it('is not answered by a fallback, nor by sending a preset upstream', () => {
    const withDefault = snapshot({
      servers: [ollama('a')],
      config: { providers: { openai }, routing: { default_model: 'gpt-4o' } },
    });
    expect(places(ask(withDefault, 'typo', { lock: 'ollama' }))).toEqual(['ollama:typo']);
    expect(ask(withDefault, '@typo', { lock: 'ollama' }).kind).toBe('unknown');
  });

  it('finds a kind of server under the name the file gives it', () => {
    const named = snapshot({
      servers: [ollama('a:latest')],
      config: { providers: { laptop: { type: 'ollama', base_url: 'http://localhost:11434' } } },
    });
    expect(places(ask(named, 'ollama:a'))).toEqual(['laptop:a:latest']);
    expect(places(ask(named, 'a', { lock: 'Ollama' }))).toEqual(['laptop:a:latest']);
  });

  it('names providers that may have been meant', () => {
    expect(ask(laptop, 'x', { lock: 'opanai' }).near).toContain('openai');
  });
});

describe('presets and virtual models', () => {
  it('give params and a system prompt, each candidate its own on top', () => {
    const layered = snapshot({
      servers: [ollama('a:latest')],
      config: {
        models: {
          mixed: {
            params: { temperature: 1, top_p: 0.9 },
            system_prompt: 'From the model.',
            endpoints: [
              { provider: 'ollama', model: 'a', timeout: '5s', params: { top_p: 0.1 } },
              { provider: 'ollama' },
            ],
          },
        },
        presets: { cold: { model: 'mixed', params: { temperature: 0 }, system_prompt: 'From the preset.' } },
      },
    });
    const plain = ask(layered, 'mixed');
    expect(plain).toMatchObject({
      params: { temperature: 1, top_p: 0.9 },
      systemPrompt: 'From the model.',
      isAsWritten: true,
    });
    expect(plain.candidates.map(({ params, timeoutMs }) => [params, timeoutMs])).toEqual([
      [{ temperature: 1, top_p: 0.1 }, 5_000],
      [{ temperature: 1, top_p: 0.9 }, undefined],
    ]);
    const preset = ask(layered, '@cold');
    expect(preset).toMatchObject({ systemPrompt: 'From the preset.', virtualModel: 'mixed', rule: 'preset' });
    expect(preset.candidates[0]?.params).toEqual({ temperature: 0, top_p: 0.1 });
  });

  it('say why an endpoint of theirs is no candidate', () => {
    const broken = snapshot({
      config: {
        providers: { groq: {}, off: { api_base: 'http://127.0.0.1:1/v1', active: false } },
        models: {
          m: {
            endpoints: [
              { provider: 'ollama', model: 'x' },
              { provider: 'groq', model: 'x' },
              { provider: 'off', model: 'x' },
              { provider: 'nobody', model: 'x' },
            ],
          },
        },
      },
    });
    const resolution = ask(broken, 'm');
    expect(resolution.kind).toBe('none-left');
    expect(resolution.rejected.map(({ candidate, code }) => [candidate, code])).toEqual([
      ['ollama:x', 'down'],
      ['groq:x', 'needs-key'],
      ['off:x', 'disabled'],
      ['nobody:x', 'unknown-provider'],
    ]);
    expect(resolution.rejected[0]?.reason).toBe('nothing answers on 127.0.0.1:11434; run `ollama serve`');
    expect(resolution.rejected[1]?.reason).toContain('GROQ_API_KEY');
  });

  it('are unknown by near names when mistyped', () => {
    expect(ask(laptop, '@ters')).toMatchObject({ kind: 'unknown', near: ['@terse'] });
    expect(ask(laptop, 'defualt').near[0]).toBe('default');
    expect(ask(laptop, 'lama3.1:8b').near).toContain('llama3.1:8b');
    expect(ask(laptop, 'utterly-different-thing').near).toEqual([]);
  });

  it('without a model of its own a preset takes whoever chats', () => {
    const resolution = ask(laptop, '@bare');
    expect(resolution).toMatchObject({ kind: 'found', rule: 'preset', params: { top_p: 0.5 } });
  });
});

describe('requests that may not leave', () => {
  const mixed = snapshot({
    servers: [
      server('http://127.0.0.1:11434', 'ollama', {
        models: [modelFacts('m:latest'), modelFacts('gpt-oss:120b-cloud', { isRemote: true })],
      }),
      server('http://192.168.1.9:8000', 'vllm', { models: [modelFacts('m')] }),
      server('http://127.0.0.1:4000', 'litellm', { models: [modelFacts('m')], isAggregator: true }),
    ],
    config: { providers: { openai: { api_key: 'k', models: [{ id: 'm' }] } } },
  });

  it.each([
    [false, ['openai:m', 'vllm:m', 'ollama:m:latest', 'litellm:m']],
    [true, ['vllm:m', 'ollama:m:latest']],
    ['machine', ['ollama:m:latest']],
  ] as const)('local_only %s', (localOnly, expected) => {
    const resolution = ask(mixed, 'm', { localOnly });
    expect(new Set(places(resolution))).toEqual(new Set(expected));
    expect(resolution.localOnly).toBe(localOnly);
  });

  it('never go to a cloud model behind a local server, listed or not', () => {
    for (const name of ['gpt-oss:120b-cloud', 'ollama:gpt-oss:120b-cloud', 'ollama:other:cloud']) {
      expect(ask(mixed, name, { localOnly: true }), name).toMatchObject({ kind: 'none-left' });
    }
  });

  it('take the strictest of preset, virtual model and header', () => {
    expect(ask(laptop, '@home', { localOnly: true }).localOnly).toBe('machine');
    expect(places(ask(laptop, 'private'))).toEqual(['ollama:llama3.1:latest']);
    expect(ask(laptop, 'private').rejected).toMatchObject([{ candidate: 'openai:gpt-4o', code: 'local-only' }]);
  });
});

describe('what a request needs', () => {
  const typed = snapshot({
    servers: [
      server('http://127.0.0.1:1234', 'lm_studio', {
        models: [
          modelFacts('chat', { capabilities: new Set(['tools']) }),
          modelFacts('embed', { type: 'embedding' }),
          modelFacts('mystery', { type: 'unknown' }),
        ],
      }),
    ],
  });

  it.each([
    ['chat', 'chat', 'found'],
    ['embed', 'chat', 'none-left'],
    ['embed', 'embeddings', 'found'],
    ['chat', 'embeddings', 'none-left'],
    ['mystery', 'embeddings', 'found'],
    ['mystery', 'chat', 'found'],
    ['chat', 'completions', 'found'],
  ] as const)('%s for %s is %s', (name, operation, kind) => {
    expect(ask(typed, name, { operation }).kind).toBe(kind);
  });

  it('is held against known capabilities only', () => {
    expect(ask(typed, 'chat', { needs: ['tools'] }).kind).toBe('found');
    expect(ask(typed, 'chat', { needs: ['vision'] })).toMatchObject({
      kind: 'none-left',
      rejected: [{ code: 'capability', reason: 'the model has no vision' }],
    });
    expect(ask(typed, 'mystery', { needs: ['vision'] }).kind).toBe('found');
  });

  it('keeps embeddings on one model', () => {
    const two = snapshot({
      servers: [
        server('http://127.0.0.1:11434', 'ollama', {
          models: [modelFacts('nomic-embed-text:latest', { type: 'embedding' })],
        }),
      ],
      config: {
        providers: { openai: { api_key: 'k', models: [{ id: 'text-embedding-3-small' }] } },
        models: {
          vectors: {
            endpoints: [
              { provider: 'ollama', model: 'nomic-embed-text' },
              { provider: 'openai', model: 'text-embedding-3-small' },
            ],
          },
        },
      },
    });
    const resolution = ask(two, 'vectors', { operation: 'embeddings' });
    expect(places(resolution)).toEqual(['ollama:nomic-embed-text:latest']);
    expect(resolution.rejected.at(-1)).toMatchObject({
      candidate: 'openai:text-embedding-3-small',
      code: 'mixed-embeddings',
    });
  });
});

describe('a key with a list of models', () => {
  it.each([
    ['gpt-4o', ['gpt-4o'], 'found'],
    ['openai/gpt-4o', ['gpt-4o'], 'found'],
    ['gpt-4o-mini', ['gpt-4o'], 'none-left'],
    ['gpt-4o-mini', ['gpt-*'], 'found'],
    ['default', ['default'], 'found'],
    ['@terse', ['@terse'], 'found'],
    ['@terse:cloud', ['@terse'], 'found'],
    ['@terse/llama3.1', ['@terse'], 'none-left'],
    ['@terse/llama3.1', ['llama3.1'], 'found'],
    // A virtual model is not the models behind it.
    ['default', ['gpt-4o'], 'none-left'],
    ['default', ['llama3.1:8b'], 'none-left'],
    ['gpt-4.1', ['gpt-4o'], 'none-left'],
    ['gpt-4.1', ['gpt-4.1'], 'found'],
    ['gpt-4.1', ['gpt-*'], 'found'],
    ['DEFAULT:latest', ['default'], 'found'],
    // The same model in another spelling, and what only looks like it.
    ['llama3.1', ['llama3.1:latest'], 'found'],
    ['LLAMA3.1', ['llama3.1'], 'found'],
    ['library/llama3.1', ['llama3.1'], 'found'],
    ['ollama:llama3.1', ['llama3.1'], 'found'],
    ['ollama/llama3.1:latest', ['ollama:llama3.1'], 'found'],
    ['llama3.1', ['ollama/llama3.1'], 'found'],
    ['llama3.1:local', ['llama3.1'], 'found'],
    ['llama3.1:8b', ['llama3.1'], 'none-left'],
    ['llama3.1', ['llama3.1:8b'], 'none-left'],
    ['Qwen3-4B', ['llama*'], 'none-left'],
    ['llamacpp:Qwen3-4B', ['llama*'], 'none-left'],
    ['llamacpp:Qwen3-4B', ['llamacpp:*'], 'found'],
    ['llamacpp:gpt-4o', ['Qwen3-4B'], 'none-left'],
    ['llamacpp:gpt-4o', ['gpt-4o'], 'found'],
    ['vllm:x', ['llama3.1'], 'none-left'],
    ['never-heard-of', ['llama3.1'], 'none-left'],
    ['never-heard-of', ['never-heard-of'], 'unknown'],
    ['private', ['gpt-4o'], 'none-left'],
    ['auto', ['gpt-4o'], 'found'],
    ['', ['nothing-there'], 'none-left'],
    ['llama3.1:latest', ['llama3.1'], 'found'],
    ['@terse', ['default'], 'found'],
  ] as const)('%s with %j is %s', (name, allowedModels, kind) => {
    const resolution = ask(laptop, name, { allowedModels });
    expect(resolution.kind).toBe(kind);
    if (kind === 'none-left') expect(resolution.rejected).toMatchObject([{ code: 'not-allowed' }]);
  });

  it('has a virtual model whole or not at all', () => {
    expect(places(ask(laptop, 'default', { allowedModels: ['default'] }))).toEqual([
      'ollama:llama3.1:8b',
      'openai:gpt-4o',
    ]);
    expect(places(ask(laptop, 'default', { allowedModels: ['gpt-4o', 'llama3.1:8b'] }))).toEqual([]);
  });

  it('chooses among its own models when it asks for any', () => {
    for (const name of ['', 'auto']) {
      expect(places(ask(laptop, name, { allowedModels: ['llama3.1', 'gpt-4o'] }))).toEqual([
        'openai:gpt-4o',
        'ollama:llama3.1:latest',
      ]);
    }
  });

  it('is not answered by a server with one model, be it locked to that', () => {
    const locked = { lock: 'llamacpp', allowedModels: ['Qwen3-4B'] };
    expect(ask(laptop, 'gpt-4o', locked).kind).toBe('none-left');
    expect(places(ask(laptop, 'Qwen3-4B', locked))).toEqual(['llamacpp:/models/Qwen3-4B.gguf']);
  });

  it('does not learn of others by mistyping', () => {
    expect(ask(laptop, 'gpt4o', { allowedModels: ['llama*'] }).near).toEqual([]);
  });
});

describe('no name, and names that nothing serves', () => {
  it('auto takes local chat models, loaded ones first, before a hosted default', () => {
    const several = snapshot({
      environment: keys,
      servers: [
        server('http://127.0.0.1:11434', 'ollama', {
          models: [
            modelFacts('cold', { isLoaded: false }),
            modelFacts('embed', { type: 'embedding' }),
            modelFacts('warm', { isLoaded: true }),
          ],
        }),
      ],
      listings: new Map([
        ['openai', ['whisper-1', 'text-embedding-3-small', 'gpt-4o'].map((id) => modelFacts(id, { type: 'unknown' }))],
      ]),
    });
    for (const name of ['', 'auto']) {
      const resolution = ask(several, name);
      expect(resolution.rule).toBe('auto');
      expect(places(resolution)).toEqual(['openai:gpt-4o', 'ollama:warm', 'ollama:cold']);
      // Nothing found takes a back seat here: no provider declared this name.
      expect(resolution.discovered.size).toBe(0);
    }
    expect(places(ask(several, 'auto:local'))).toEqual(['ollama:warm', 'ollama:cold']);
    expect(ask(several, 'auto', { operation: 'embeddings' }).kind).toBe('unknown');
    expect(ask(several, '', { operation: 'embeddings' }).kind).toBe('unknown');
  });

  it('auto means a model of that name first', () => {
    const named = snapshot({
      servers: [ollama('other')],
      config: { models: { auto: { endpoints: [{ provider: 'ollama', model: 'other' }] } } },
    });
    expect(ask(named, 'auto').rule).toBe('virtual-model');
  });

  it('the default model answers, and a bare * before it', () => {
    const base = { providers: { openai }, routing: { default_model: 'gpt-4o' } };
    const withDefault = snapshot({ config: base });
    expect(ask(withDefault, 'typo')).toMatchObject({ rule: 'default-model', requested: 'typo' });
    expect(places(ask(withDefault, 'typo'))).toEqual(['openai:gpt-4o']);
    const star = snapshot({ config: { ...base, models: { '*': { endpoints: [{ provider: 'openai' }] } } } });
    expect(ask(star, 'typo').rule).toBe('catch-all');
    expect(places(ask(star, 'typo'))).toEqual(['openai:typo']);
    expect(ask(star, 'gpt-4o').rule).toBe('model');
  });

  it('a chat default does not stand in for an embedding model', () => {
    const chat = snapshot({
      config: {
        providers: { openai: { api_key: 'k', models: [{ id: 'gpt-4o', type: 'chat' }] } },
        routing: { default_model: 'gpt-4o' },
      },
    });
    expect(ask(chat, 'typo', { operation: 'embeddings' }).kind).toBe('unknown');
  });

  it('a fallback does not give a key what its list denies', () => {
    const withDefault = snapshot({ config: { providers: { openai }, routing: { default_model: 'gpt-4o' } } });
    expect(ask(withDefault, 'typo', { allowedModels: ['typo'] }).kind).toBe('none-left');
    expect(ask(withDefault, 'typo', { allowedModels: ['gpt-4o'] })).toMatchObject({
      kind: 'none-left',
      rejected: [{ code: 'not-allowed' }],
    });
    expect(places(ask(withDefault, 'typo', { allowedModels: ['typo', 'gpt-4o'] }))).toEqual(['openai:gpt-4o']);
  });

  it('a local kind that is not there says how to start it', () => {
    const none = snapshot({ config: { routing: { default_model: 'ollama:x' } } });
    for (const name of ['ollama:llama3.1', 'ollama/llama3.1', 'OLLAMA:llama3.1', 'anything']) {
      expect(ask(none, name), name).toMatchObject({
        kind: 'down-type',
        down: { address: '127.0.0.1:11434', startCommand: 'ollama serve' },
      });
    }
    expect(ask(snapshot(), 'lm-studio:x')).toMatchObject({
      kind: 'down-type',
      down: { startCommand: 'lms server start' },
    });
  });

  it('a pinned server that went down stays the last hope', () => {
    const down = snapshot({
      servers: [server('http://127.0.0.1:11500', 'ollama', { state: 'down', models: [modelFacts('m')] })],
    });
    expect(ask(down, 'ollama:m')).toMatchObject({ kind: 'found', down: { address: '127.0.0.1:11500' } });
  });

  it('a model of a provider without its key names the variable instead of being unknown', () => {
    const off = snapshot({ config: { providers: { groq: { models: [{ id: 'mixtral' }] } } } });
    expect(ask(off, 'mixtral')).toMatchObject({ kind: 'none-left', rejected: [{ code: 'needs-key' }] });
    expect(ask(off, 'groq:mixtral')).toMatchObject({ kind: 'none-left', rejected: [{ code: 'needs-key' }] });
  });
});

describe('failover.providers', () => {
  const routing = { failover: { providers: ['ollama', 'openai', 'groq'] } };
  const three = snapshot({
    servers: [ollama('llama3.1:latest', 'qwen3:8b')],
    config: {
      routing,
      providers: {
        openai: { api_key: 'k', models: [{ id: 'gpt-4o' }], default_model: 'gpt-4o-mini' },
        groq: { api_key: 'k', models: [{ id: 'whisper-large', type: 'audio' }, { id: 'llama3.1' }] },
        extra: { api_base: 'http://127.0.0.1:9/v1', models: [{ id: 'llama3.1' }] },
      },
      models: {
        v: {
          endpoints: [
            { provider: 'groq', model: 'llama3.1' },
            { provider: 'ollama', model: 'qwen3:8b' },
          ],
        },
      },
    },
  });

  it.each([
    // own candidates in list order, others of the same name, then the same model, default or first chat model
    ['llama3.1', ['ollama:llama3.1:latest', 'groq:llama3.1', 'extra:llama3.1', 'openai:gpt-4o-mini']],
    ['gpt-4o', ['openai:gpt-4o', 'ollama:llama3.1:latest', 'groq:llama3.1']],
    ['v', ['groq:llama3.1', 'ollama:qwen3:8b', 'openai:gpt-4o-mini']],
    ['ollama:llama3.1', ['ollama:llama3.1:latest']],
    ['openai/gpt-4o', ['openai:gpt-4o']],
  ] as const)('%s goes to %j', (name, expected) => {
    expect(places(ask(three, name))).toEqual(expected);
  });

  it('stays away from locked, embedding and unfit requests', () => {
    expect(places(ask(three, 'gpt-4o', { lock: 'openai' }))).toEqual(['openai:gpt-4o']);
    expect(places(ask(three, 'gpt-4o', { localOnly: true }))).toEqual(['ollama:llama3.1:latest']);
    expect(places(ask(three, 'gpt-4o', { operation: 'embeddings' }))).toEqual(['openai:gpt-4o']);
    expect(places(ask(three, 'gpt-4o', { allowedModels: ['gpt-4o'] }))).toEqual(['openai:gpt-4o']);
    // Not even when its own model could stand in for the one it may not have.
    expect(ask(three, 'gpt-4o', { allowedModels: ['llama3.1'] }).kind).toBe('none-left');
    expect(places(ask(three, 'llama3.1', { allowedModels: ['llama3.1'] }))).toEqual([
      'ollama:llama3.1:latest',
      'groq:llama3.1',
      'extra:llama3.1',
    ]);
    expect(places(ask(three, 'v', { allowedModels: ['v'] }))).toEqual(['groq:llama3.1', 'ollama:qwen3:8b']);
  });

  it('does nothing when failover is off', () => {
    const off = snapshot({
      servers: [ollama('a')],
      config: { routing: { failover: { enabled: false, providers: ['openai'] } }, providers: { openai } },
    });
    expect(places(ask(off, 'a'))).toEqual(['ollama:a']);
  });
});
