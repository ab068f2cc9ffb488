import { Departure } from '../core/departure.ts';
import type { Candidate } from '../core/model.ts';
import type { AttemptOutcome } from './attempt.ts';

/** One attempt among those that are made for a request at the same time, or the only one. */
export interface Contender {
  /** Tells the attempt to stop: the client has left, or another contender's answer is being sent. */
  readonly departure: Departure;
  /** Whether this one's answer may be the client's; the first to ask is told yes, and again whenever it asks. */
  claim(): boolean;
  /** Another contender's answer is the client's. */
  readonly hasLost: boolean;
  /** No other candidate is left that could answer. */
  readonly isLastHope: boolean;
}

/** The only attempt at its time. */
export function unrivalled(departure: Departure, isLastHope: boolean): Contender {
  return { departure, claim: () => true, hasLost: false, isLastHope };
}

export interface Finish {
  readonly candidate: Candidate;
  readonly outcome: AttemptOutcome;
}

export interface Race {
  /** Whose answer the client got, or got a part of; undefined when all have failed or the client left. */
  readonly winner: Finish | undefined;
  /** The others, in the order in which they ended. */
  readonly others: readonly Finish[];
}

/**
 * Asks all candidates at once. The first whose answer begins is the winner; the others are stopped at that moment, not
 * when it ends. Settles when every attempt has, so that each is counted.
 */
export async function race(
  candidates: readonly Candidate[],
  clientLeaves: Departure,
  attempt: (candidate: Candidate, contender: Contender) => Promise<AttemptOutcome>,
): Promise<Race> {
  const contenders = new Map(candidates.map((candidate) => [candidate, new Departure()]));
  let first: Candidate | undefined;
  const stopAllBut = (winner: Candidate | undefined) => {
    for (const [candidate, departure] of contenders) if (candidate !== winner) departure.leave();
  };
  const onLeave = () => stopAllBut(undefined);
  if (clientLeaves.hasLeft) onLeave();
  else clientLeaves.on(onLeave);
  let winner: Finish | undefined;
  const others: Finish[] = [];
  const run = async (candidate: Candidate, departure: Departure) => {
    const outcome = await attempt(candidate, {
      departure,
      claim() {
        if (first === undefined) {
          first = candidate;
          stopAllBut(candidate);
        }
        return first === candidate;
      },
      get hasLost() {
        return first !== undefined && first !== candidate;
      },
      isLastHope: false,
    });
    if (first === candidate) winner = { candidate, outcome };
    else others.push({ candidate, outcome });
  };
  try {
    await Promise.all([...contenders].map(([candidate, departure]) => run(candidate, departure)));
  } catch (thrown) {
    stopAllBut(undefined);
    throw thrown;
  } finally {
    clientLeaves.off(onLeave);
  }
  return { winner, others };
}
