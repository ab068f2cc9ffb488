import { GatewayError } from '../../core/errors.ts';

/** Locations that are whole continents have hosts of another form. */
const multiRegions = new Set(['us', 'eu']);

/**
 * The base URL of Vertex for a project and location; `models/…` follows. Without a project it is express mode, which is
 * keyed and global. Throws `config_invalid` for a value that cannot stand in a URL.
 */
export function vertexBaseUrl(settings: Readonly<Record<string, string>>): string {
  const { project, location = 'global' } = settings;
  for (const [name, value] of Object.entries({ project, location })) {
    if (value !== undefined && !/^[a-z0-9.:-]+$/.test(value)) {
      throw new GatewayError('config_invalid', `settings.${name} '${value}' is no ${name} of Google Cloud.`);
    }
  }
  if (project === undefined) return 'https://aiplatform.googleapis.com/v1/publishers/google';
  return `https://${host(location)}/v1/projects/${project}/locations/${location}/publishers/google`;
}

function host(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (multiRegions.has(location)) return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}
