import type { CanonicalRequest, Extensions } from './canonical.ts';
import type { JsonObject } from './protocol.ts';

/** The fields of `body` that the protocol's decoder does not know, to be kept under the protocol's own name. */
export function unknownFields(body: JsonObject, known: ReadonlySet<string>, protocol: string): Extensions | undefined {
  let fields: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(body)) {
    if (known.has(key) || value === null || value === undefined) continue;
    fields ??= {};
    fields[key] = value;
  }
  return fields === undefined ? undefined : { [protocol]: fields };
}

interface Extended {
  readonly extensions?: Extensions | undefined;
}

/** Names of the fields that only other protocols know: what a request loses on its way to `protocol`. */
export function foreignFields(request: Extended, protocol: string): readonly string[] {
  return Object.entries(request.extensions ?? {}).flatMap(([owner, fields]) =>
    owner === protocol ? [] : Object.keys(fields),
  );
}

/** Fields of the canonical request that a wire has no place for, each with the name it is known by. */
export type UncarriedFields = readonly (readonly [keyof CanonicalRequest, string])[];

/**
 * Names of those that ask for something: `n: 1`, `logprobs: false` or a penalty of 0 lose nothing when left out, a seed
 * of 0 does.
 */
export function lostFields(request: CanonicalRequest, uncarried: UncarriedFields): readonly string[] {
  return uncarried.flatMap(([key, name]) => {
    const value = request[key];
    const isIdle =
      value === undefined || value === false || (key === 'n' && value === 1) || (key !== 'seed' && value === 0);
    return isIdle ? [] : [name];
  });
}
