import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatAnswer, embeddingsAnswer, messagesAnswer, modelsAnswer, ollamaPages } from './bodies.ts';
import type { Bench } from './case.ts';
import { freePort, type Running, untilAnswers } from './processes.ts';

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly pid: number;
}

/** Answers chat completions, messages and embeddings with a fixed text, and passes for Ollama where that is asked for. */
export function startCanned(bench: Bench): Promise<Server> {
  const pages: Readonly<Record<string, string>> = {
    ...ollamaPages,
    '/v1/models': modelsAnswer,
    '/v1/chat/completions': chatAnswer,
    '/v1/messages': messagesAnswer,
    '/v1/embeddings': embeddingsAnswer,
  };
  const locations = Object.entries(pages).map(([path, text]) => {
    const type = text.startsWith('{') ? 'application/json' : 'text/plain';
    return `location = ${path} { default_type ${type}; return 200 '${text}'; }`;
  });
  return startNginx(bench, 'canned', locations.join('\n'));
}

/** nginx as a plain reverse proxy, tuned as for this use: connections kept, nothing buffered, no log. */
export function startProxy(bench: Bench, target: string): Promise<Server> {
  const location = `location / {
    proxy_pass http://target;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
  }`;
  const upstream = `upstream target { server ${new URL(target).host}; keepalive 1024; keepalive_requests 1000000000; }`;
  return startNginx(bench, 'proxy', location, upstream);
}

async function startNginx(bench: Bench, name: string, locations: string, http = ''): Promise<Server> {
  const port = await freePort();
  const directory = join(bench.directory, `nginx-${name}-${port}`);
  mkdirSync(join(directory, 'temp'), { recursive: true });
  const config = join(directory, 'nginx.conf');
  writeFileSync(config, configText({ directory, port, locations, http }));
  const running = bench.processes.start({
    name: `nginx (${name})`,
    file: 'nginx',
    args: ['-c', config, '-p', directory, '-e', join(directory, 'error.log')],
    options: { stdio: 'ignore' },
  });
  return ready(running, `http://127.0.0.1:${port}`);
}

async function ready(running: Running, url: string): Promise<Server> {
  await untilAnswers(running, `${url}/v1/models`);
  return { url, pid: running.pid, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

interface ConfigParts {
  readonly directory: string;
  readonly port: number;
  readonly locations: string;
  readonly http: string;
}

/** One process does all the work, so its CPU time is that of the server. */
function configText({ directory, port, locations, http }: ConfigParts): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(directory, 'temp', kind)};`,
  );
  return `daemon off;
master_process off;
pid ${join(directory, 'nginx.pid')};
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  ${temporary.join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${locations}
  }
}
`;
}
