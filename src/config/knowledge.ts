/** What the configuration needs to know about the world; the app fills it in from the catalogue and the transport. */
export interface Knowledge {
  /** The catalogue's id for a provider type, whatever its spelling; undefined for an unknown word. */
  canonicalType(word: string): string | undefined;
  /** Types to suggest for a misspelt one. */
  readonly typeNames: readonly string[];
  /** Whether a provider of this type works without a base URL of the user's. */
  hasBase(type: string): boolean;
  /** Where a provider of this type is that says nothing about it; undefined where that depends. */
  usualBase?(type: string): string | undefined;
  /**
   * This machine's addresses and names in its network, in lower case; those of IPv6 without brackets. Undefined where a
   * file is read that is not to be run here.
   */
  readonly ownAddresses?: (() => readonly string[]) | undefined;
  /** Ids of providers that may exist without being declared: discovered, switched on by a key, built in. */
  isProviderId(id: string): boolean;
  /** Addresses that no provider may have: where clouds hand out credentials. Takes a URL's `hostname`. */
  isForbiddenHost(hostname: string): boolean;
}
