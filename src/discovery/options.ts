import type { DefaultPort } from '../catalogue/local-servers.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Endpoint } from '../core/model.ts';
import type { LookUp } from '../transport/look-up.ts';
import type { FetchListing } from './listings.ts';

/** Where the router itself listens. */
export interface OwnAddress {
  readonly host: string;
  readonly port: number;
}

export interface DiscoverySettings {
  readonly discovery: Config['discovery'];
  /** Endpoints of declared providers: local ones are watched, others only listed when they are to be. */
  readonly declared: readonly DeclaredEndpoint[];
}

export interface DeclaredEndpoint {
  readonly endpoint: Endpoint;
  /** Ask a hosted provider for its models (`auto_discover`). Local ones are always asked. */
  readonly wantsListing: boolean;
}

export interface FoundDown {
  /** `http://127.0.0.1:11434` */
  readonly origin: string;
  /** It takes connections and says nothing; else nothing, or something else, answers there. */
  readonly isSilent: boolean;
  /** Monotonic milliseconds at which the look began. */
  readonly sinceMs: number;
  /** For people. */
  readonly detail: string;
}

export interface DiscoveryOptions {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Asked at every look, since the port may only be known once the router listens. */
  readonly self: () => readonly OwnAddress[];
  readonly fetchListing: FetchListing;
  /** Called after `facts()` or `listings()` changed in more than the time of the last look. */
  readonly onChange: () => void;
  /** Called after every look that found a known server down, be it for the first time or still. */
  readonly onDown?: ((found: FoundDown) => void) | undefined;
  /** What the router puts on its requests, see `LoopMark`. */
  readonly mark?: string | undefined;
  /** Told what was thrown where nothing should be; looking goes on. */
  readonly onDefect?: ((thrown: unknown) => void) | undefined;
  /** Instead of the catalogue's, for tests. */
  readonly ports?: readonly DefaultPort[] | undefined;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
}
