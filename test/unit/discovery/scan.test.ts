import { describe, expect, it } from 'vitest';
import { defaultPorts, serverKinds } from '../../../src/catalogue/local-servers.ts';
import { type ScanInput, type Site, scan } from '../../../src/discovery/scan.ts';
import { declaredEndpoint } from './settings.ts';

const base: ScanInput = {
  discovery: { enabled: true, interval: 10_000, hosts: [] },
  environment: {},
  lmStudioPort: undefined,
  declared: [],
};

function origins(sites: readonly Site[]): readonly (readonly string[])[] {
  return sites.map((site) => site.targets.map((target) => target.origin));
}

function firstPorts(input: Partial<ScanInput>): readonly string[] {
  return scan({ ...base, ...input }).sites.map((site) => new URL(site.targets[0]?.origin ?? '').port);
}

describe('scan', () => {
  it('looks at every default port, on IPv4 loopback and then on IPv6', () => {
    const { sites, ignored } = scan(base);
    expect(origins(sites)[0]).toEqual(['http://127.0.0.1:11434', 'http://[::1]:11434']);
    expect(sites).toHaveLength(defaultPorts.length);
    expect(ignored).toEqual([]);
  });

  it('has a default port or another sign for every kind', () => {
    const placed = new Set(defaultPorts.flatMap((row) => row.kinds));
    expect(serverKinds.filter((kind) => !placed.has(kind))).toEqual(['openai']);
  });

  it('keeps to the kinds that are wanted', () => {
    const { sites } = scan({ ...base, discovery: { ...base.discovery, servers: ['vllm', 'lm_studio'] } });
    expect(origins(sites).map((list) => list[0])).toEqual(['http://127.0.0.1:1234', 'http://127.0.0.1:8000']);
    expect(sites[0]?.only).toEqual(['lm_studio', 'vllm']);
  });

  it('follows the variables that move a server on this machine', () => {
    const environment = { OLLAMA_HOST: '0.0.0.0:7777', LLAMA_ARG_PORT: '7778', LMS_SERVER_HOST: '127.0.0.1:7779' };
    expect(firstPorts({ environment }).slice(0, 3)).toEqual(['7777', '7778', '7779']);
    expect(firstPorts({ environment: { AIP_MODE: 'PREDICTION', AIP_HTTP_PORT: '7780' } })[0]).toBe('7780');
    expect(firstPorts({ lmStudioPort: 7781 })[0]).toBe('7781');
  });

  it('looks at a port once, however many sources name it', () => {
    const ports = firstPorts({ environment: { OLLAMA_HOST: '127.0.0.1:11434' }, lmStudioPort: 8080 });
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('leaves other machines alone unless they are listed, and says so', () => {
    const found = scan({ ...base, environment: { OLLAMA_HOST: 'gpu-box:11434' } });
    expect(found.ignored).toEqual(['OLLAMA_HOST names gpu-box; list it under discovery.hosts to look there']);
    expect(found.sites.some((site) => site.key.includes('gpu-box'))).toBe(false);
  });

  it('asks a listed host at its port, or at every default port', () => {
    const hosts = ['192.168.1.20:9000', 'gpu-box', '169.254.169.254', 'not an address'];
    const found = scan({ ...base, discovery: { ...base.discovery, servers: ['ollama'], hosts } });
    expect(origins(found.sites).flat().slice(2)).toEqual(['http://192.168.1.20:9000', 'http://gpu-box:11434']);
    expect(found.ignored).toHaveLength(2);
  });

  it('lets a declared address absorb the default port, the other loopback included', () => {
    const declared = [declaredEndpoint('http://127.0.0.1:8080/v1', { type: 'llamacpp' })];
    const { sites } = scan({ ...base, declared });
    expect(origins(sites)[0]).toEqual(['http://127.0.0.1:8080']);
    expect(sites[0]).toMatchObject({ declaredKind: 'llamacpp', only: undefined });
    expect(origins(sites).flat()).not.toContain('http://[::1]:8080');
  });

  it('watches declared addresses only, when discovery is off', () => {
    const declared = [declaredEndpoint('http://localhost:9000/engines/v1/', { type: 'vllm' })];
    const { sites } = scan({ ...base, discovery: { ...base.discovery, enabled: false }, declared });
    expect(sites).toHaveLength(1);
    expect(sites[0]?.targets.map((target) => target.origin + target.basePath)).toEqual([
      'http://127.0.0.1:9000/engines/v1',
      'http://[::1]:9000/engines/v1',
    ]);
  });
});
