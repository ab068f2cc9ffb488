import type { Tool, ToolChoice } from '../../canonical.ts';
import { isObject, present } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { listAt, objectAt, optionalObjectAt, stringAt, stringsAt } from '../proto-json.ts';
import { jsonSchemaFromOpenApi } from '../schema.ts';
import type { Drops } from './decode-contents.ts';

/** Function declarations of all tool entries. Google's own tools (search, code execution, …) are dropped by name. */
export function toolsFromWire(tools: unknown, drops: Drops): readonly Tool[] {
  return listAt(tools, 'tools').flatMap((entry, index) => {
    const path = `tools[${index}]`;
    const tool = objectAt(entry, path);
    for (const kind of Object.keys(tool)) if (kind !== 'functionDeclarations') drops.add(`tools.${kind}`);
    return listAt(tool.functionDeclarations, `${path}.functionDeclarations`).map((declaration, position) =>
      toolFromDeclaration(declaration, `${path}.functionDeclarations[${position}]`),
    );
  });
}

function toolFromDeclaration(value: unknown, path: string): Tool {
  const declaration = objectAt(value, path);
  const name = stringAt(declaration.name, `${path}.name`) ?? '';
  const description = stringAt(declaration.description, `${path}.description`);
  return present({ name, description, parameters: parametersOf(declaration, path) });
}

function parametersOf(declaration: JsonObject, path: string): JsonObject {
  const jsonSchema = declaration.parametersJsonSchema;
  if (isObject(jsonSchema)) return jsonSchema;
  const schema = optionalObjectAt(declaration.parameters, `${path}.parameters`);
  return schema === undefined ? {} : jsonSchemaFromOpenApi(schema);
}

/** `toolConfig` as a choice; undefined leaves it to the target's default, which is `auto` everywhere. */
export function toolChoiceFromWire(config: unknown): ToolChoice | undefined {
  const calling = optionalObjectAt(
    optionalObjectAt(config, 'toolConfig')?.functionCallingConfig,
    'toolConfig.functionCallingConfig',
  );
  if (calling === undefined) return undefined;
  const path = 'toolConfig.functionCallingConfig';
  const names = stringsAt(calling.allowedFunctionNames, `${path}.allowedFunctionNames`) ?? [];
  switch (stringAt(calling.mode, `${path}.mode`)?.toUpperCase()) {
    case 'NONE':
      return { kind: 'none' };
    case 'ANY':
      return required(names);
    default:
      return names.length === 0 ? { kind: 'auto' } : { kind: 'allowed', names, isRequired: false };
  }
}

function required(names: readonly string[]): ToolChoice {
  const [name] = names;
  if (name === undefined) return { kind: 'required' };
  return names.length === 1 ? { kind: 'tool', name } : { kind: 'allowed', names, isRequired: true };
}
