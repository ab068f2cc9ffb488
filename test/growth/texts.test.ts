import { describe, it } from 'vitest';
import { exactBase, trimSlashes } from '../../src/config/base-url.ts';
import { parseHostPort } from '../../src/discovery/addresses.ts';
import { exceeded } from '../../src/protocols/json-text.ts';
import { Splice } from '../../src/protocols/splice.ts';
import { expectLinear } from './growth.ts';
import { times } from './request-bodies.ts';

const limits = { depth: 1_000_000, nodes: 1_000_000, items: 1_000_000, fields: 1_000_000 };

const bodies: Readonly<Record<string, (count: number) => string>> = {
  fields: (count) => `{${times(count, (index) => `"f${index}":1`).join(',')}}`,
  'fields of one name': (count) => `{${times(count, () => '"model":"x"').join(',')}}`,
  'escaped quotes': (count) => `{"a":"${'\\"'.repeat(count)}"}`,
  backslashes: (count) => `{"a":"${'\\\\'.repeat(count)}"}`,
  'nested lists': (count) => `{"a":${'['.repeat(count)}${']'.repeat(count)}}`,
  'white space': (count) => `{${' '.repeat(count)}"a"${' '.repeat(count)}:${' '.repeat(count)}1}`,
  'short strings': (count) => `{"a":[${times(count, () => '"b"').join(',')}]}`,
};

describe('a body that is passed through', () => {
  it.each(Object.entries(bodies))('with %s is changed in steps that grow with their number', (_name, body) => {
    expectLinear(
      (count) => Buffer.from(body(count)),
      (json) => {
        exceeded(json, limits);
        const splice = new Splice(json);
        splice.set('model', '"m"');
        splice.fill('max_tokens', '1');
        splice.remove('f1');
        splice.apply();
      },
    );
  });
});

describe('an address', () => {
  it.each(['/', '//x', '/x\n'])('with many of %j is read in steps that grow with their number', (piece) => {
    expectLinear(
      (count) => `http://host:80${piece.repeat(count)}x`,
      (text) => {
        trimSlashes(text);
        exactBase({ base_url: text }, '/v1');
        parseHostPort(text);
      },
    );
  });
});
