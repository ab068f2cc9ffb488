import type { Usage } from '../../core/model.ts';
import { asArray, asNumber, asObject, present } from '../fields.ts';
import type { WireUsage } from './wire.ts';

/** Google counts thoughts beside the candidates and tool results beside the prompt; the canonical form counts them in. */
export function usageFromWire(value: unknown): Usage | undefined {
  const wire = asObject(value);
  if (wire === undefined) return undefined;
  const count = (name: keyof WireUsage) => asNumber(wire[name]);
  const reasoning = count('thoughtsTokenCount');
  return present({
    input: (count('promptTokenCount') ?? 0) + (count('toolUsePromptTokenCount') ?? 0),
    output: (count('candidatesTokenCount') ?? 0) + (reasoning ?? 0),
    cachedInput: count('cachedContentTokenCount'),
    reasoning,
    audioInput: audioTokens(wire.promptTokensDetails),
    audioOutput: audioTokens(wire.candidatesTokensDetails),
  });
}

function audioTokens(details: unknown): number | undefined {
  const audio = asArray(details)
    .map(asObject)
    .find((detail) => detail?.modality === 'AUDIO');
  return asNumber(audio?.tokenCount);
}

export function usageToWire(usage: Usage): WireUsage {
  return present({
    promptTokenCount: usage.input,
    candidatesTokenCount: usage.output - (usage.reasoning ?? 0),
    thoughtsTokenCount: usage.reasoning,
    cachedContentTokenCount: usage.cachedInput,
    totalTokenCount: usage.input + usage.output,
    promptTokensDetails: audioDetails(usage.audioInput, usage.input),
    candidatesTokensDetails: audioDetails(usage.audioOutput, usage.output - (usage.reasoning ?? 0)),
  });
}

function audioDetails(audio: number | undefined, total: number): WireUsage['promptTokensDetails'] {
  if (audio === undefined) return undefined;
  return [
    { modality: 'TEXT', tokenCount: total - audio },
    { modality: 'AUDIO', tokenCount: audio },
  ];
}
