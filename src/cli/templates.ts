import bitrouter from '../../templates/bitrouter.yaml' with { type: 'text' };
import compose from '../../templates/compose.yaml' with { type: 'text' };
import gateway from '../../templates/gateway.yaml' with { type: 'text' };
import hybrid from '../../templates/hybrid.yaml' with { type: 'text' };
import kubernetes from '../../templates/kubernetes.yaml' with { type: 'text' };
import lan from '../../templates/lan.yaml' with { type: 'text' };
import local from '../../templates/local.yaml' with { type: 'text' };
import dockerfile from '../../templates/router.dockerfile' with { type: 'text' };

export interface Template {
  readonly name: string;
  readonly about: string;
  /** Where it is written unless `-c` says so. */
  readonly file: string;
  /** A configuration of the router's, rather than a file to run it by. */
  readonly isConfig: boolean;
  readonly text: string;
}

/** What `init --template` can write. */
export const templates: readonly Template[] = [
  config('local', 'the servers of this machine, nothing else', local),
  config('hybrid', 'local first, hosted when that fails', hybrid),
  config('bitrouter', "in BitRouter's spelling", bitrouter),
  config('gateway', 'a gateway for several people, with keys', gateway),
  config('lan', 'servers on other machines of the local network', lan),
  { name: 'docker', about: 'image of the router', file: 'Dockerfile', isConfig: false, text: dockerfile },
  { name: 'compose', about: 'the router beside Ollama', file: 'compose.yaml', isConfig: false, text: compose },
  { name: 'kubernetes', about: 'Deployment and Service', file: 'kubernetes.yaml', isConfig: false, text: kubernetes },
];

function config(name: string, about: string, text: string): Template {
  return { name, about, file: 'router.yaml', isConfig: true, text };
}
