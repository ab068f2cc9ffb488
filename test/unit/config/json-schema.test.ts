import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { jsonSchema } from '../../../src/config/json-schema.ts';

const seeds = join(import.meta.dirname, '../../fixtures/config/seeds');
const validator = z.fromJSONSchema(jsonSchema());
const isValid = (text: string) => validator.safeParse(parse(text, { merge: true })).success;

describe('the JSON Schema for editors', () => {
  it('says what it is', () => {
    expect(jsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:router:config',
      additionalProperties: false,
    });
  });

  const later = [
    'prism-1-complexity',
    'prism-1-cost-based',
    'prism-2-cache',
    'prism-2-rate-limiting',
    'prism-2-routing',
  ];
  const documented = readdirSync(seeds).filter(
    (name) => !name.startsWith('strongly') && !later.some((other) => name.startsWith(other)),
  );
  it.each(documented)('accepts the documented block %s', (name) => {
    expect(isValid(readFileSync(join(seeds, name), 'utf8'))).toBe(true);
  });

  it.each([
    'server: { host: 0.0.0.0, port: 8080 }',
    'server: { port: "${PORT:-8080}", insecure: "${INSECURE}", log_level: debug }',
    'providers:\n  openai:\nserver:\n',
    'providers: { a: { base_url: "${BASE}", api_protocol: messages, models: [x, { id: y, provider_model_id: z }] } }',
    'providers: { a: { pricing: { input_per_mtok: 1, output_per_mtok: 2 }, aws_region: us-east-1 } }',
    'models: { m: { endpoints: [{ provider: a, service_id: b }] } }',
    'inherit_defaults: true',
    'discovery: { interval: 30s, enabled: false }',
  ])('accepts %s', (text) => expect(isValid(text)).toBe(true));

  it.each([
    'servr: {}',
    'server: { port: 70000 }',
    'server: { insecure: maybe }',
    'inherit_defaults: false',
    'providers: { a: { api_bas: x } }',
    'providers: { a: { models: [{ upstream_id: x }] } }',
    'models: { m: { endpoints: [{ model: b }] } }',
    'logging: { level: loud }',
  ])('rejects %s', (text) => expect(isValid(text)).toBe(false));
});
