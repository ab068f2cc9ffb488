import type { ServerKind } from '../core/model.ts';

/**
 * The question to begin with at a port. `models` decides most cases; a server that is known to stand there is asked
 * for its own sign first, since some of them log every unknown path as an error.
 */
export type FirstQuestion = 'models' | 'ollama' | 'lm-studio' | 'docker';

export interface DefaultPort {
  readonly port: number;
  /** Whose default it is; a port decides nothing about what answers there. */
  readonly kinds: readonly ServerKind[];
  readonly first: FirstQuestion;
}

/** Where model servers listen when they are not told otherwise, likeliest first. */
export const defaultPorts: readonly DefaultPort[] = [
  { port: 11434, kinds: ['ollama'], first: 'ollama' },
  { port: 8080, kinds: ['llamacpp', 'localai', 'mlx_lm', 'tgi'], first: 'models' },
  { port: 1234, kinds: ['lm_studio'], first: 'lm-studio' },
  { port: 8000, kinds: ['vllm'], first: 'models' },
  // llama.cpp has announced that its default moves here.
  { port: 9931, kinds: ['llamacpp'], first: 'models' },
  { port: 30000, kinds: ['sglang'], first: 'models' },
  { port: 12434, kinds: ['docker_model_runner'], first: 'docker' },
  { port: 1337, kinds: ['jan'], first: 'models' },
  { port: 5001, kinds: ['koboldcpp'], first: 'models' },
  { port: 5000, kinds: ['text_generation_webui'], first: 'models' },
  { port: 4891, kinds: ['gpt4all'], first: 'models' },
  { port: 4000, kinds: ['litellm'], first: 'models' },
  { port: 3000, kinds: ['tgi'], first: 'models' },
];

/** What `owned_by` in a model listing gives away. Ollama and TGI put names of models there. */
export const kindByOwner: Readonly<Record<string, ServerKind>> = {
  vllm: 'vllm',
  sglang: 'sglang',
  llamacpp: 'llamacpp',
  docker: 'docker_model_runner',
  koboldcpp: 'koboldcpp',
  organization_owner: 'lm_studio',
  humanity: 'gpt4all',
  user: 'text_generation_webui',
};

/** Every kind that discovery can tell, for checking `discovery.servers`. */
export const serverKinds: readonly ServerKind[] = [
  'ollama',
  'llamacpp',
  'lm_studio',
  'vllm',
  'sglang',
  'localai',
  'docker_model_runner',
  'koboldcpp',
  'text_generation_webui',
  'gpt4all',
  'jan',
  'tgi',
  'mlx_lm',
  'litellm',
  'openai',
];
