import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** Whom connections with TLS believe. Read on first use, and once: it takes as long as a dozen handshakes. */
export class Trust {
  #context: SecureContext | undefined;

  /** Node's own list and the system's: a company's own authority is in the latter only. */
  get context(): SecureContext {
    const ca = () => [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
    this.#context ??= createSecureContext({ ca: ca() });
    return this.#context;
  }
}
