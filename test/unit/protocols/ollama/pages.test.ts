import { describe, expect, test } from 'vitest';
import { type PageModel, psPage, showPage, tagsPage, versionPage } from '../../../../src/protocols/ollama/pages.ts';

const llama: PageModel = {
  id: 'llama3.1:8b',
  type: 'chat',
  sizeBytes: 4_920_753_328,
  context: 8192,
  capabilities: new Set(['tools', 'reasoning']),
  isLoaded: true,
  created: 1_732_000_000,
  details: { format: 'gguf', family: 'llama', parameterSize: '8.0B', quantization: 'Q4_K_M' },
};
const hosted: PageModel = { id: 'openai:gpt-x', type: 'chat', created: 0, remoteHost: 'https://api.openai.com' };

describe('/api/tags', () => {
  test('lists every model in the shape of the server', () => {
    expect(tagsPage([llama]).models).toEqual([
      {
        name: 'llama3.1:8b',
        model: 'llama3.1:8b',
        modified_at: '2024-11-19T07:06:40.000Z',
        size: 4_920_753_328,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        details: {
          parent_model: '',
          format: 'gguf',
          family: 'llama',
          families: ['llama'],
          parameter_size: '8.0B',
          quantization_level: 'Q4_K_M',
        },
      },
    ]);
  });

  test('says of a hosted model where it runs, and leaves no field out of one that tells nothing', () => {
    expect(tagsPage([hosted]).models).toEqual([
      expect.objectContaining({ size: 0, remote_host: 'https://api.openai.com', remote_model: 'openai:gpt-x' }),
    ]);
  });

  test('gives each name one digest', () => {
    const digests = [llama, { ...llama, context: 1 }, hosted].map((model) => digestOf(model));
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });
});

test('/api/ps lists the loaded models alone', () => {
  expect(psPage([llama, hosted, { ...llama, isLoaded: false }]).models).toEqual([
    expect.objectContaining({
      name: 'llama3.1:8b',
      context_length: 8192,
      expires_at: expect.any(String),
      size_vram: 0,
    }),
  ]);
});

describe('/api/show', () => {
  test('tells context and capabilities where editors look for them', () => {
    expect(showPage(llama)).toMatchObject({
      capabilities: ['completion', 'tools', 'thinking'],
      template: '',
      parameters: '',
      model_info: {
        'general.architecture': 'llama',
        'general.basename': 'llama3.1:8b',
        'llama.context_length': 8192,
      },
    });
  });

  test('promises tools of a model that is not known to lack them', () => {
    expect(showPage(hosted).capabilities).toEqual(['completion', 'tools']);
    expect(showPage({ ...hosted, capabilities: new Set() }).capabilities).toEqual(['completion']);
    expect(showPage({ ...hosted, type: 'embedding' }).capabilities).toEqual(['embedding']);
  });

  test('keeps silent about a context that is unknown', () => {
    expect(showPage(hosted).model_info).toEqual({
      'general.architecture': 'unknown',
      'general.basename': 'openai:gpt-x',
    });
  });
});

test('/api/version passes the gates of clients', () => {
  const [major, minor] = String(versionPage().version).split('.').map(Number);
  expect(major === 0 && (minor ?? 0) >= 12).toBe(true);
});

function digestOf(model: PageModel): unknown {
  const { models } = tagsPage([model]);
  return Array.isArray(models) ? models[0].digest : undefined;
}
