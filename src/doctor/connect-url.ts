/** A URL that leads there from this machine: "all addresses" cannot be connected to. */
export function connectUrl(host: string, port: number): string {
  const bare = host.replaceAll(/[[\]]/g, '');
  const reachable = bare === '0.0.0.0' || bare === '' ? '127.0.0.1' : bare === '::' ? '::1' : bare;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
