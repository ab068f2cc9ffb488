import { createHash } from 'node:crypto';
import type { Tool, ToolChoice } from '../canonical.ts';
import {
  asArray,
  badField,
  isEmpty,
  isObject,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalString,
  requiredString,
} from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/** How the client wrote a tool that was made a plain function. */
export interface ToolOrigin {
  readonly name: string;
  readonly namespace?: string | undefined;
  /** A `custom` tool: its argument is free text. */
  readonly isCustom: boolean;
  /** The client's own search for tools, which answers with tools that may be called from then on. */
  readonly isSearch?: boolean | undefined;
}

/** What the model knows a client's search for tools by. */
export const searchName = 'tool_search';

/** Where the request's `echo` has the tools that were declared within the conversation. Never part of an answer. */
export const inputToolsField = 'input.tools';

const declaringItems: ReadonlySet<unknown> = new Set(['additional_tools', 'tool_search_output']);

/** Items of `input` that declare tools. */
function declarations(input: unknown): readonly { readonly value: JsonObject; readonly path: string }[] {
  if (!Array.isArray(input)) return [];
  return input.flatMap((item, index) =>
    isObject(item) && declaringItems.has(item.type) ? [{ value: item, path: `input[${index}]` }] : [],
  );
}

/** Tools that the conversation declares: `additional_tools`, and what the client's own searches found. Unread. */
export function inputTools(input: unknown): readonly unknown[] {
  return declarations(input).flatMap(({ value }) => (Array.isArray(value.tools) ? value.tools : []));
}

/** Longest function name that every upstream takes. Characters. */
const maxNameLength = 64;
const hashLength = 8;

/** One name for a tool within a group. Pure, so that calls in the history get the name that the tool has. */
export function flatName(name: string, namespace: string | undefined): string {
  if (namespace === undefined || namespace === '') return name;
  const joined = namespace.endsWith('__') ? `${namespace}${name}` : `${namespace}__${name}`;
  if (joined.length <= maxNameLength) return joined;
  const hash = createHash('sha256').update(joined).digest('hex').slice(0, hashLength);
  return `${joined.slice(0, maxNameLength - hashLength - 1)}_${hash}`;
}

/** The free text of a custom tool becomes the one argument of a function. */
const customParameters = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
};

export function customArguments(input: string): string {
  return JSON.stringify({ input });
}

/** The text a model meant for a custom tool; arguments of another shape are handed over as they are. */
export function customInput(args: string): string {
  try {
    const parsed: unknown = JSON.parse(args);
    if (isObject(parsed) && typeof parsed.input === 'string') return parsed.input;
    if (isObject(parsed) && isEmpty(parsed)) return '';
    return typeof parsed === 'string' ? parsed : args;
  } catch {
    return args;
  }
}

export interface DecodedTools {
  readonly tools: readonly Tool[];
  readonly drops: readonly string[];
}

/**
 * Groups are flattened, custom tools and the client's own search made functions; tools that the provider itself would
 * run are left out. What the conversation declares comes after what stands at the top, the latest of a name counts.
 */
export function decodeTools(body: JsonObject): DecodedTools {
  const tools = new Map<string, Tool>();
  const drops: string[] = [];
  const isSearched = asArray(body.tools).some(isClientSearch);
  const add = (raw: JsonObject, path: string, group: Group): void => {
    if (group.isDeferring && raw.defer_loading === true) return;
    const tool = decodeTool(raw, path, group.name);
    if (tool === undefined) drops.push(`tools.${String(raw.type)}`);
    else tools.set(tool.name, tool);
  };
  const addAll = (from: JsonObject, at: string, isDeferring: boolean): void => {
    for (const { value: raw, path } of optionalObjects(from, 'tools', at) ?? []) {
      if (raw.type !== 'namespace') add(raw, path, { isDeferring });
      else {
        const name = requiredString(raw, 'name', path);
        for (const inner of optionalObjects(raw, 'tools', path) ?? [])
          add(inner.value, inner.path, {
            name,
            isDeferring: isDeferring || (isSearched && raw.defer_loading === true),
          });
      }
    }
  };
  // Without a search that the client runs nobody would ever find them.
  addAll(body, '', isSearched);
  for (const { value, path } of declarations(body.input))
    addAll(value, path, isSearched && value.type === 'additional_tools');
  return { tools: [...tools.values()], drops };
}

interface Group {
  readonly name?: string | undefined;
  /** Whether tools that are to be found by a search are left out. */
  readonly isDeferring: boolean;
}

export function isClientSearch(tool: unknown): boolean {
  return isObject(tool) && tool.type === 'tool_search' && tool.execution === 'client';
}

const noParameters = { type: 'object', properties: {} };

function decodeTool(raw: JsonObject, at: string, namespace: string | undefined): Tool | undefined {
  if (isClientSearch(raw)) return decodeSearch(raw, at);
  if (raw.type !== 'function' && raw.type !== 'custom') return undefined;
  const isCustom = raw.type === 'custom';
  const description = isCustom ? customDescription(raw) : optionalString(raw, 'description', at);
  const strict = isCustom ? undefined : optionalBoolean(raw, 'strict', at);
  return {
    name: flatName(requiredString(raw, 'name', at), namespace),
    ...(description !== undefined && { description }),
    parameters: isCustom ? customParameters : (optionalObject(raw, 'parameters', at) ?? noParameters),
    ...(strict !== undefined && { strict }),
    ...(namespace !== undefined && { namespace }),
  };
}

const searchParameters = {
  type: 'object',
  properties: { query: { type: 'string', description: 'What the tool should be able to do' } },
  required: ['query'],
};

function decodeSearch(raw: JsonObject, at: string): Tool {
  return {
    name: searchName,
    description: optionalString(raw, 'description', at) ?? 'Finds tools that can be called afterwards.',
    parameters: optionalObject(raw, 'parameters', at) ?? searchParameters,
  };
}

/** A grammar cannot be enforced elsewhere; the model is at least told of it. */
function customDescription(raw: JsonObject): string {
  const description = typeof raw.description === 'string' ? raw.description : '';
  const format = raw.format;
  if (!isObject(format) || typeof format.definition !== 'string') return description;
  const grammar = `The input must match this ${String(format.syntax ?? '')} grammar:\n${format.definition}`;
  return description === '' ? grammar : `${description}\n\n${grammar}`;
}

/** By flat name, how each tool is to be written in the answer. `tools` is the request's own list, unread. */
export function toolOrigins(tools: unknown): ReadonlyMap<string, ToolOrigin> {
  const origins = new Map<string, ToolOrigin>();
  const visit = (raw: unknown, namespace: string | undefined): void => {
    if (!isObject(raw)) return;
    if (isClientSearch(raw)) origins.set(searchName, { name: searchName, isCustom: false, isSearch: true });
    const name = raw.name;
    if (typeof name !== 'string') return;
    if (raw.type === 'namespace' && Array.isArray(raw.tools)) {
      for (const tool of raw.tools) visit(tool, name);
    } else origins.set(flatName(name, namespace), { name, namespace, isCustom: raw.type === 'custom' });
  };
  if (Array.isArray(tools)) for (const raw of tools) visit(raw, undefined);
  return origins;
}

export interface DecodedChoice {
  readonly choice?: ToolChoice | undefined;
  readonly drops: readonly string[];
}

export function decodeToolChoice(raw: unknown): DecodedChoice {
  if (raw === undefined || raw === null) return { drops: [] };
  if (raw === 'auto' || raw === 'none' || raw === 'required') return { choice: { kind: raw }, drops: [] };
  if (!isObject(raw)) throw badField('tool_choice', "'auto', 'none', 'required' or an object");
  switch (raw.type) {
    case 'function':
    case 'custom':
      return { choice: { kind: 'tool', name: namedTool(raw, 'tool_choice') }, drops: [] };
    case 'allowed_tools':
      return allowedTools(raw);
    default:
      return { drops: [`tool_choice.${String(raw.type)}`] };
  }
}

function namedTool(raw: JsonObject, at: string): string {
  return flatName(requiredString(raw, 'name', at), optionalString(raw, 'namespace', at));
}

function allowedTools(raw: JsonObject): DecodedChoice {
  const names: string[] = [];
  const drops: string[] = [];
  for (const { value: tool, path } of optionalObjects(raw, 'tools', 'tool_choice') ?? []) {
    if (tool.type === 'function' || tool.type === 'custom') names.push(namedTool(tool, path));
    else drops.push(`tool_choice.${String(tool.type)}`);
  }
  return { choice: { kind: 'allowed', names, isRequired: raw.mode === 'required' }, drops };
}
