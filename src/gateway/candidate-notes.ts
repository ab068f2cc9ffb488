import type { AttemptRecord, CandidateNote } from '../core/events.ts';
import type { Candidate } from '../core/model.ts';
import { nameOf, type Trail } from './trail.ts';

/** Every place that a request's name meant, in the order of its plan, and what became of it. */
export function candidateNotes(trail: Trail): readonly CandidateNote[] {
  const { plan, resolution } = trail;
  const planned = plan?.candidates ?? resolution?.candidates ?? [];
  const rejected = (resolution?.rejected ?? []).map(
    ({ candidate, reason }): CandidateNote => ({ candidate, fate: 'rejected', why: reason }),
  );
  return [...planned.map((candidate) => noteOf(candidate, trail)), ...rejected];
}

function noteOf(candidate: Candidate, { attempts, skipped }: Trail): CandidateNote {
  const name = nameOf(candidate);
  const last = attempts.findLast((attempt) => `${attempt.provider}:${attempt.model}` === name);
  if (last !== undefined) return { candidate: name, ...fateOf(last) };
  const passedOver = skipped.find((one) => one.candidate === candidate);
  if (passedOver === undefined) return { candidate: name, fate: 'spare', why: undefined };
  return { candidate: name, fate: 'passed-over', why: passedOver.label.slice(passedOver.label.indexOf(';') + 1) };
}

function fateOf({ code }: AttemptRecord): Pick<CandidateNote, 'fate' | 'why'> {
  if (code === 'ok') return { fate: 'answered', why: undefined };
  return code === 'lost' ? { fate: 'lost', why: undefined } : { fate: 'failed', why: code };
}
