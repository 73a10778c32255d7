/**
 * A method's source as JavaScript that the sandbox can run. It is a part of the engine, in whose script it is packed.
 *
 * Types are stripped by sucrase: pure JavaScript of a tenth of a megabyte that leaves every line where it was. ts-blank-space
 * stands on the whole compiler and amaro on a WebAssembly module of several megabytes, more than all of the page. Sucrase
 * takes some texts that no engine takes, so acorn reads what comes out of it; it finds the imports and exports as well.
 */
import type { Program } from 'acorn'
import { parse } from 'acorn'
import { transform } from 'sucrase'
import { handle } from './handle.ts'
import { resolved } from './modules.ts'

/** What is wrong with a text, and where. */
export class CodeError extends Error {
  override readonly name = 'CodeError'
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  constructor(message: string, line: number, column: number) {
    super(message)
    this.line = line
    this.column = column
  }
}

/** Names that a text takes from a module: `local` here is `name` there, and '*' all of it. */
export interface Need {
  readonly module: string
  readonly line: number
  readonly names: readonly { readonly name: string; readonly local: string }[]
}

export interface Compiled {
  /** JavaScript without its imports; each line is the line of the source. */
  readonly body: string
  readonly needs: readonly Need[]
  /** Names that it exports. */
  readonly exports: readonly string[]
}

/** Position of an error of sucrase or acorn; both end their words with it as well. */
function placed(error: unknown, firstColumn: number): CodeError {
  const { message, loc } = error as { message: string; loc?: { line: number; column: number } }
  const words = message.replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '')
  return new CodeError(words, loc?.line ?? 1, (loc?.column ?? 0) + 1 - firstColumn)
}

function withoutTypes(source: string): string {
  try {
    return transform(source, { transforms: ['typescript'], disableESTransforms: true }).code
  } catch (error) {
    throw placed(error, 1)
  }
}

function treeOf(code: string): Program {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  } catch (error) {
    throw placed(error, 0)
  }
}

type Node = Program['body'][number]
type Import = Extract<Node, { type: 'ImportDeclaration' }>

const nameOf = (node: { type: string; name?: string; value?: unknown }): string =>
  node.type === 'Literal' ? String(node.value) : (node.name ?? '')

const lineOf = (node: Node): number => node.loc?.start.line ?? 1

function needOf(node: Import, path: string): Need {
  const module = resolved(path, String(node.source.value))
  if (module === undefined)
    throw new CodeError(
      `there is no module '${node.source.value}' here: an edit may import @tweedie/tensor, autograd and solvers, and files beside it`,
      lineOf(node),
      1,
    )
  const names = node.specifiers.map((one) => ({
    local: one.local.name,
    name:
      one.type === 'ImportSpecifier'
        ? nameOf(one.imported)
        : one.type === 'ImportDefaultSpecifier'
          ? 'default'
          : '*',
  }))
  return { module, line: lineOf(node), names }
}

function exportsOf(node: Node): string[] {
  if (node.type !== 'ExportNamedDeclaration') return []
  const { declaration, specifiers } = node
  if (declaration?.type === 'VariableDeclaration')
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
  return [
    ...(declaration?.id ? [declaration.id.name] : []),
    ...specifiers.map(({ local }) => nameOf(local)), // by what it is called inside
  ]
}

/**
 * The source of a file of `packages/solvers/src`, compiled. @throws {CodeError} at the line that does not compile.
 * @param path - Of the file, from that folder: its relative imports start there.
 */
export function compile(source: string, path: string): Compiled {
  const code = withoutTypes(source)
  const { body } = treeOf(code)
  const needs: Need[] = []
  let rest = code
  for (const node of body) {
    const elsewhere = 'source' in node && node.type !== 'ImportDeclaration' && node.source
    if (elsewhere) throw new CodeError('an edit exports what is its own', lineOf(node), 1)
    if (node.type !== 'ImportDeclaration') continue
    needs.push(needOf(node, path))
    const blank = code.slice(node.start, node.end).replace(/[^\n]/g, ' ')
    rest = rest.slice(0, node.start) + blank + rest.slice(node.end)
  }
  return { body: rest, needs, exports: [...new Set(body.flatMap(exportsOf))] }
}

const quoted = (text: string): string => JSON.stringify(text)

/**
 * The script that runs a compiled text, behind that of the engine: on its first line it brings what it needs, and the text's
 * line n is its line n + 1. The imports stand first, as those of a module are there before its text runs.
 */
export function scriptOf({ body, needs, exports }: Compiled): string {
  const bring = needs.map(({ module, line, names }) => {
    const asked = names.filter(({ name }) => name !== '*').map(({ name }) => name)
    const from = `${handle}.need(${quoted(module)}, ${line}, ${JSON.stringify(asked)})`
    const all = names.filter(({ name }) => name === '*').map(({ local }) => `const ${local} = ${from};`)
    const some = names
      .filter(({ name }) => name !== '*')
      .map(({ name, local }) => `${quoted(name)}: ${local}`)
    return `${all.join('')}${some.length > 0 || all.length === 0 ? `const { ${some.join(', ')} } = ${from};` : ''}`
  })
  return `${bring.join('')}\n${body}\n;${handle}.serve({ ${exports.join(', ')} })\n`
}

/** A script, or where and why a text is none. */
export type Script =
  | { readonly script: string }
  | { readonly message: string; readonly line: number; readonly column: number }

/** A text as a script, and an error as data: it crosses to the page. */
export function scriptFrom(source: string, path: string): Script {
  try {
    return { script: scriptOf(compile(source, path)) }
  } catch (error) {
    if (!(error instanceof CodeError)) throw error
    const { message, line, column } = error
    return { message, line, column }
  }
}
