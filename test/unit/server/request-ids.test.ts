import { expect, it } from 'vitest';
import { createRequestIds } from '../../../src/server/request-ids.ts';

it('gives every request another id', () => {
  const nextId = createRequestIds();
  const otherId = createRequestIds();
  const ids = Array.from({ length: 2_000 }, (_, at) => (at % 2 === 0 ? nextId() : otherId()));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{24}$/);
});
