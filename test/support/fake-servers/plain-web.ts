import type { Personality } from './personality.ts';
import { html, json } from './script.ts';

/**
 * Not a model server. `settings.style`: `spa` answers its page to every path, as a development server does; `health`
 * answers `{"status":"ok"}` to every path; else every path but `/` is a 404 page.
 */
export const plainWebFake: Personality = {
  kind: 'plain-web',
  headers: { Server: 'nginx' },
  answer(request, state) {
    const page = '<!doctype html><title>A web page</title><p>Hello';
    if (state.settings.style === 'health') return json(200, { status: 'ok' });
    if (state.settings.style === 'spa' || request.path === '/') return html(200, page);
    return html(404, '<!doctype html><title>404</title>');
  },
  brokenTail: () => [],
};
