/** Texts that come with requests repeat; a client that invents new ones must not fill the memory. */
const maxRemembered = 512;
/** Nor one that sends long ones. Characters. */
const maxLength = 256;

/** `judge`, asked once for each text while there is room to remember what it said. It must depend on the text alone. */
export function remembered<Verdict>(judge: (text: string) => Verdict): (text: string) => Verdict {
  const verdicts = new Map<string, Verdict>();
  return (text) => {
    const known = verdicts.get(text);
    if (known !== undefined) return known;
    if (verdicts.size >= maxRemembered || text.length > maxLength) return judge(text);
    const kept = copyOf(text);
    const verdict = judge(kept);
    verdicts.set(kept, verdict);
    return verdict;
  };
}

/** A text that is kept must not be a view of a larger one, a whole head for instance, which would be kept with it. */
export function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
