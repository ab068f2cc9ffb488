import { Secret } from '../../core/secret.ts';
import type { AwsCredentials } from './sigv4.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Section = Readonly<Record<string, string>>;

export interface ProfileFiles {
  readonly credentials: string;
  readonly config: string;
}

/** Where the shared files of AWS's tools are. */
export function profilePaths(environment: Environment, homeDirectory: string): ProfileFiles {
  return {
    credentials: environment.AWS_SHARED_CREDENTIALS_FILE || `${homeDirectory}/.aws/credentials`,
    config: environment.AWS_CONFIG_FILE || `${homeDirectory}/.aws/config`,
  };
}

/** What both files say of a profile, the credentials file over the config file; undefined when neither knows it. */
export function readProfile(name: string, texts: ProfileFiles): Section | undefined {
  const config = parseIni(texts.config);
  const inConfig = config.get(`profile ${name}`) ?? (name === 'default' ? config.get('default') : undefined);
  const inCredentials = parseIni(texts.credentials).get(name);
  if (inConfig === undefined && inCredentials === undefined) return undefined;
  return { ...inConfig, ...inCredentials };
}

/** Undefined for a profile without keys of its own. */
export function profileKeys(profile: Section): AwsCredentials | undefined {
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secret, aws_session_token: token } = profile;
  if (!accessKeyId || !secret) return undefined;
  return {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    sessionToken: token ? new Secret(token) : undefined,
  };
}

/** The region of the environment's profile; undefined when the config file has none. `read` throws for a missing file. */
export function profileRegion(
  environment: Environment,
  homeDirectory: string,
  read: (path: string) => string,
): string | undefined {
  try {
    const config = read(profilePaths(environment, homeDirectory).config);
    return readProfile(environment.AWS_PROFILE || 'default', { config, credentials: '' })?.region;
  } catch {
    // No file, which is how most machines are.
    return undefined;
  }
}

const signIns: readonly (readonly [setting: string, kind: string])[] = [
  ['sso_session', 'single sign-on'],
  ['sso_start_url', 'single sign-on'],
  ['credential_process', 'a credential process'],
  ['role_arn', 'a role'],
];

/** The way a profile signs in other than with keys, for people; undefined when it has none. */
export function profileSignIn(profile: Section): string | undefined {
  return signIns.find(([setting]) => profile[setting] !== undefined)?.[1];
}

/** Sections of `name = value` lines. Comments begin a line; indented lines belong to nested settings we do not know. */
function parseIni(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const title = /^\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) {
      const name = title.replace(/\s+/, ' ');
      section = sections.get(name) ?? {};
      sections.set(name, section);
      continue;
    }
    const pair = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (section !== undefined && pair?.[1] !== undefined) section[pair[1].toLowerCase()] = pair[2] ?? '';
  }
  return sections;
}
