import { systemFiles } from '../../config/files.ts';
import { type FoundBy, findConfig } from '../../config/find.ts';
import { jsonSchema } from '../../config/json-schema.ts';
import type { ConfigTopic } from '../config-topics.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report } from '../report.ts';

/** Facts about the configuration that need no valid file: the schema for editors, or which file is read here. */
export function config(context: Context, topic: ConfigTopic): Report {
  return topic === 'schema' ? schema() : path(context);
}

/** The schema is JSON already, so both views are the same. */
function schema(): Report {
  const json = jsonSchema();
  return { json, human: () => JSON.stringify(json, undefined, 2), exitCode: exitCodes.ok };
}

const reasons: Readonly<Record<FoundBy, string>> = {
  explicit: 'named by -c',
  'working-directory': 'found in the working directory',
  home: 'named by ROUTER_HOME',
  xdg: 'in your configuration directory',
  none: 'there is no configuration file; the router runs without one',
};

/** One path a line, so that scripts can use it; why these ones is said on stderr. */
function path(context: Context): Report {
  const { paths, foundBy, ignored } = findConfig(context.options.config, context, systemFiles);
  if (!context.options.json && !context.options.quiet) {
    context.stderr.write(`${reasons[foundBy]}\n`);
    if (ignored !== undefined) context.stderr.write(`${ignored} is not read: it would have to end in .yaml\n`);
  }
  return {
    json: { paths, found_by: foundBy, ignored: ignored ?? null },
    human: () => paths.join('\n'),
    exitCode: exitCodes.ok,
  };
}
