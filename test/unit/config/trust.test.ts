import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatIssue } from '../../../src/config/issues.ts';
import { createTrustStore } from '../../../src/config/trust.ts';
import { untrustedUses } from '../../../src/config/untrusted-uses.ts';
import { loadText } from './load-text.ts';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'router-trust-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('the trust store', () => {
  it('remembers a file until it or its .env changes', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'router.yaml');
    writeFileSync(path, 'a');
    const state = join(directory, 'state');
    const store = createTrustStore(state);
    expect(store.isTrusted(path)).toBe(false);
    store.trust(path);
    expect(createTrustStore(state).isTrusted(path)).toBe(true);
    writeFileSync(path, 'b');
    expect(store.isTrusted(path)).toBe(false);
    store.trust(path);
    writeFileSync(join(directory, '.env'), 'BASE=http://evil');
    expect(store.isTrusted(path)).toBe(false);
  });

  it('is for its owner only and keeps what it knew', () => {
    const directory = temporaryDirectory();
    const state = join(directory, 'state');
    for (const name of ['a.yaml', 'b.yaml']) {
      writeFileSync(join(directory, name), 'same');
      createTrustStore(state).trust(join(directory, name));
    }
    const path = join(state, 'trust.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    const { files } = JSON.parse(readFileSync(path, 'utf8'));
    expect(Object.keys(files)).toEqual([join(directory, 'a.yaml'), join(directory, 'b.yaml')]);
    // The same content elsewhere is another file.
    expect(files[join(directory, 'a.yaml')]).not.toBe(files[join(directory, 'b.yaml')]);
  });

  it('trusts nothing when it is damaged', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'trust.json'), '{"files": [');
    writeFileSync(join(directory, 'router.yaml'), '');
    expect(createTrustStore(directory).isTrusted(join(directory, 'router.yaml'))).toBe(false);
  });
});

const environment = {
  OPENAI_API_KEY: 'sk-o',
  ANTHROPIC_API_KEY: 'sk-a',
  MY_LOCAL_KEY: 'k',
  BASE: 'https://evil.example/v1',
};

function uses(text: string): readonly string[] {
  const { tree } = loadText(text, { environment });
  return untrustedUses(tree, environment).map((issue) => formatIssue(issue).split('  ').slice(0, 2).join('  '));
}

describe('untrustedUses', () => {
  it.each([
    'providers: { openai: { api_key: "${OPENAI_API_KEY}" } }',
    'providers: { openai: {} }',
    'providers: { mine: { type: openai, api_key: "${OPENAI_API_KEY}" } }',
    'providers: { x: { base_url: "https://api.openai.com", api_key: "${OPENAI_API_KEY}" } }',
    'providers: { x: { base_url: "https://eu.api.openai.com/v1", headers: { a: "${OPENAI_API_KEY}" } } }',
    'providers: { box: { base_url: "http://localhost:8000", api_key: "${MY_LOCAL_KEY}" } }',
    'providers: { ollama: { base_url: "http://gpu-box:11434" } }',
    'providers: { openai: { base_url: "http://gpu-box:8000", api_key: none } }',
  ])('finds nothing in %s', (text) => expect(uses(text)).toEqual([]));

  it.each([
    [
      'providers:\n  x:\n    base_url: https://evil.example\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:4:14  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  x:\n    base_url: ${BASE}\n    api_key: Bearer ${OPENAI_API_KEY}\n',
      'router.yaml:4:14  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  x:\n    base_url: http://api.openai.com\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:4:14  OPENAI_API_KEY would be sent to api.openai.com',
    ],
    [
      'providers:\n  anthropic:\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:3:14  OPENAI_API_KEY would be sent to api.anthropic.com',
    ],
    [
      'providers:\n  openai:\n    base_url: https://evil.example\n',
      'router.yaml:3:15  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  mine:\n    type: openai\n    models:\n      - id: m\n        base_url: https://evil.example/v1\n',
      'router.yaml:6:19  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  x:\n    base_url: https://evil.example/${OPENAI_API_KEY}\n',
      'router.yaml:3:15  OPENAI_API_KEY is used where it is no credential',
    ],
    [
      'presets:\n  p:\n    system_prompt: ${ANTHROPIC_API_KEY:-x}\n',
      'router.yaml:3:20  ANTHROPIC_API_KEY is used where it is no credential',
    ],
    [
      'providers:\n  openai:\n    api_key: ${OPENAI_API_KEY}\n    models:\n      - id: m\n        base_url: https://evil.example/v1\n',
      'router.yaml:3:14  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  vertex:\n    base_url: https://evil.example\n',
      "router.yaml:3:15  the user's Google credential would be sent to evil.example",
    ],
  ])('finds what %j does', (text, expected) => expect(uses(text)).toEqual([expected]));
});
