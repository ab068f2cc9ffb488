import { describe, expect, it } from 'vitest';
import { catalogueKnowledge } from '../../../src/config/catalogue-knowledge.ts';
import { issuesOf, loadText, problemsOf } from './load-text.ts';

const knowledge = catalogueKnowledge({
  isForbiddenHost: () => false,
  environment: {},
  ownAddresses: () => ['192.168.1.5', 'fd00::5', 'workstation'],
});

function problems(listen: string, provider: string): readonly string[] {
  const text = `server: { listen: "${listen}", insecure: true }\nproviders:\n  ${provider}\n`;
  return problemsOf(() => loadText(text, { knowledge }));
}

describe("a provider at the router's own address", () => {
  it.each([
    ['127.0.0.1:8080', 'a: { base_url: "http://127.0.0.1:8080" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://localhost:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://LOCALHOST.:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://x.localhost:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://0.0.0.0:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://127.1:8080/v1" }'],
    ['127.0.0.1:80', 'a: { api_base: "http://127.0.0.1/v1" }'],
    ['localhost:8080', 'a: { api_base: "http://[::1]:8080/v1" }'],
    ['[::1]:8080', 'a: { api_base: "http://[0:0::1]:8080/v1" }'],
    ['0.0.0.0:8080', 'a: { api_base: "http://192.168.1.5:8080/v1" }'],
    ['0.0.0.0:8080', 'a: { api_base: "http://workstation:8080/v1" }'],
    ['[::]:8080', 'a: { api_base: "http://[fd00::5]:8080/v1" }'],
    ['[::]:8080', 'a: { api_base: "http://127.0.0.1:8080/v1" }'],
    ['192.168.1.5:8080', 'a: { api_base: "http://192.168.1.5:8080/v1" }'],
    ['gpu-box:8080', 'a: { api_base: "http://GPU-box:8080/v1" }'],
    ['127.0.0.1:8080', 'llamacpp: {}'],
    ['127.0.0.1:11434', 'ollama:'],
    ['127.0.0.1:8080', 'a: { type: llamacpp }'],
    ['127.0.0.1:8080', 'a: { base_url: "http://b", models: [{ id: m, base_url: "http://localhost:8080/v1" }] }'],
  ])('is refused: %s and %s', (listen, provider) => {
    expect(problems(listen, provider)).toEqual([
      expect.stringMatching(/^router\.yaml:3:\d+ {2}this is where the router itself listens/),
    ]);
  });

  it.each([
    ['127.0.0.1:8080', 'a: { api_base: "http://127.0.0.1:8081/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://[::1]:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "http://192.168.1.5:8080/v1" }'],
    ['0.0.0.0:8080', 'a: { api_base: "http://192.168.1.6:8080/v1" }'],
    ['127.0.0.1:8080', 'a: { api_base: "https://127.0.0.1:8080/v1" }'],
    ['127.0.0.1:8080', 'llamacpp: { active: false }'],
    ['127.0.0.1:8080', 'llamacpp: { base_url: "http://gpu-box:8080" }'],
    ['127.0.0.1:0', 'a: { api_base: "http://127.0.0.1:4356/v1" }'],
    ['127.0.0.1:443', 'openai: { api_key: k }'],
  ])('is another one: %s and %s', (listen, provider) => expect(problems(listen, provider)).toEqual([]));

  it('is told with the place of its address', () => {
    const text = 'providers:\n  a:\n    base_url: http://127.0.0.1:4356\n';
    expect(issuesOf(() => loadText(text, { knowledge }))).toMatchObject([
      { line: 3, column: 15, path: 'providers.a.base_url' },
    ]);
    expect(issuesOf(() => loadText(text, { knowledge, listen: '127.0.0.1:1' }))).toEqual([]);
  });
});
