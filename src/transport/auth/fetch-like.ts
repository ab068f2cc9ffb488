/** A request for a credential: small, unsigned, answered with text. */
export interface TokenRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface TokenResponse {
  readonly status: number;
  readonly body: string;
}

/** Rejects when there is no answer; every status is one. */
export type FetchLike = (request: TokenRequest) => Promise<TokenResponse>;
