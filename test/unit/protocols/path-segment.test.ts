import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { Candidate } from '../../../src/core/model.ts';
import { modelPath, modelSegment } from '../../../src/protocols/path-segment.ts';

function target(upstreamId: string): Candidate {
  return { endpoint: { providerId: 'p' }, model: { upstreamId } } as Candidate;
}

it.each([
  ['amazon.nova-lite-v1:0', 'amazon.nova-lite-v1%3A0'],
  [
    'arn:aws:bedrock:us-east-1:1:inference-profile/us.x',
    'arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x',
  ],
  ['a?b#c', 'a%3Fb%23c'],
  ['a%2e%2e', 'a%252e%252e'],
  ['...', '...'],
  ['a..b', 'a..b'],
  ['é', '%C3%A9'],
])('%s is one segment', (id, segment) => {
  expect(modelSegment(target(id))).toBe(segment);
  // As every reader of URLs sees it.
  expect(new URL(`http://h/model/${segment}/converse`).pathname).toBe(`/model/${segment}/converse`);
});

it.each(['publishers/google/models/gemini', 'tunedModels/a?b', 'models/a:delete'])('%s stays a path', (id) => {
  const path = modelPath(target(id));
  expect(new URL(`http://h/v1/${path}`).pathname.split('/').slice(2).map(decodeURIComponent)).toEqual(id.split('/'));
});

it.each([
  '.',
  '..',
  '',
  '../..',
  'a/../b',
  'a/./b',
  'a\\..\\b',
  '%2e%2E',
  '%252e.',
  'a/%2e%2e',
  ' ..',
  'x/..',
  '\ud800',
])('%j is refused, as no encoding keeps it in its place', (id) => {
  for (const put of [modelSegment, modelPath]) {
    expect(() => put(target(id))).toThrow(GatewayError);
    expect(() => put(target(id))).toThrow('is not the name of a model');
  }
});

it('a path has no empty segment', () => {
  expect(() => modelPath(target('models//a'))).toThrow('is not the name');
});
