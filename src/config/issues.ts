import { GatewayError } from '../core/errors.ts';
import { formatPath, type Mark, type Path } from './tree.ts';

/** One problem of the configuration, placed in the file. Never holds a value that came from a variable. */
export interface ConfigIssue {
  readonly file: string;
  /** 1-based; 0 when the source has no lines (an environment variable, a missing file). */
  readonly line: number;
  readonly column: number;
  /** The setting, as `providers.ollama.api_base`; empty when it is about the file itself. */
  readonly path: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly severity: 'error' | 'warning';
}

export interface IssueText {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly severity?: ConfigIssue['severity'];
}

/** Takes one problem; the caller goes on, so that all of them come at once. */
export type Report = (mark: Mark, path: Path, text: IssueText) => void;

function makeIssue(mark: Mark, path: Path, text: IssueText): ConfigIssue {
  return {
    file: mark.file,
    line: mark.line,
    column: mark.column,
    path: formatPath(path),
    message: text.message,
    hint: text.hint,
    severity: text.severity ?? 'error',
  };
}

/** Collects problems. An anchor used twice is one place in the file and so one problem. */
export class IssueList {
  readonly #issues = new Map<string, ConfigIssue>();

  readonly report: Report = (mark, path, text) => {
    const issue = makeIssue(mark, path, text);
    const identity = `${issue.file}\0${issue.line}\0${issue.column}\0${issue.message}`;
    if (!this.#issues.has(identity)) this.#issues.set(identity, issue);
  };

  get errors(): readonly ConfigIssue[] {
    return this.#sorted('error');
  }

  get warnings(): readonly ConfigIssue[] {
    return this.#sorted('warning');
  }

  #sorted(severity: ConfigIssue['severity']): readonly ConfigIssue[] {
    const files = [...new Set([...this.#issues.values()].map((issue) => issue.file))];
    return [...this.#issues.values()]
      .filter((issue) => issue.severity === severity)
      .sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
  }
}

/** `file:line:column  message  hint`, the form every command prints and editors can jump to. */
export function formatIssue(issue: ConfigIssue): string {
  const place = issue.line > 0 ? `${issue.file}:${issue.line}:${issue.column}` : issue.file;
  return [place, issue.message, issue.hint].filter((part) => part !== undefined && part !== '').join('  ');
}

/** A configuration that cannot be used, with everything that is wrong with it. `message` has all lines. */
export class ConfigError extends GatewayError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super('config_invalid', issues.map(formatIssue).join('\n'), { hint: 'run `router doctor --config-only` to check' });
    this.name = 'ConfigError';
    this.issues = issues;
  }
}
