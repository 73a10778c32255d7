import { stripTypeScriptTypes } from 'node:module'
import { type Comment, type Node, type Program, parse } from 'acorn'
import { codeIn, type Example } from './collect.ts'

/**
 * The example as a JavaScript module for `folder`, in which each comment `// => value` (equal) or `// ≈ value` (equal to the
 * digits shown) checks the statement before it: an expression, what `console.log` gets, or a variable just
 * declared. Line numbers are those of the file the example stands in.
 */
export function compileExample(example: Example, folder: string, checkModule: string): string {
  let js = stripTypeScriptTypes(codeIn(folder, example))
  const comments: Comment[] = []
  const program = parse(js, { ecmaVersion: 'latest', sourceType: 'module', onComment: comments })
  const statements = allStatements(program)
  for (const comment of comments.reverse()) {
    const [, sign, expected] = /^\s*(=>|≈)\s*(.*?)\s*$/.exec(comment.value) ?? []
    if (comment.type !== 'Line' || sign === undefined || expected === undefined) continue
    const where = `${example.file}:${example.line + js.slice(0, comment.start).split('\n').length - 1}`
    const statement = statementBefore(js, statements, comment.start)
    if (statement === undefined) throw new Error(`${where}: no statement to check before "// ${sign}"`)
    const check = (actual: string) =>
      `;__check(${[actual, ...[sign, expected, where].map((s) => JSON.stringify(s))].join(', ')});`
    js = js.slice(0, statement.start) + rewrite(js, statement, check, where) + js.slice(statement.end)
  }
  const header = `import { check as __check } from ${JSON.stringify(checkModule)};`
  return `${'\n'.repeat(Math.max(0, example.line - 2))}${header}${example.line > 1 ? '\n' : ' '}${js}\n`
}

type AnyNode = Node & { [key: string]: unknown }

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** The statements that can be checked, at any depth. */
function allStatements(program: Program): AnyNode[] {
  const found: AnyNode[] = []
  const visit = (node: AnyNode): void => {
    if (node.type === 'ExpressionStatement' || node.type === 'VariableDeclaration') found.push(node)
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child)
  }
  visit(program as unknown as AnyNode)
  return found
}

/** The innermost statement that ends right before the comment: on its line, or on the line above it. */
function statementBefore(js: string, statements: readonly AnyNode[], at: number): AnyNode | undefined {
  const before = statements.filter(({ end }) => end <= at && /^[\s;]*$/.test(js.slice(end, at)))
  return before.reduce<AnyNode | undefined>((best, s) => (best && best.start > s.start ? best : s), undefined)
}

function rewrite(js: string, statement: AnyNode, check: (actual: string) => string, where: string): string {
  const text = (node: AnyNode) => js.slice(node.start, node.end)
  if (statement.type === 'VariableDeclaration') {
    const [declarator, ...others] = statement['declarations'] as AnyNode[]
    const id = declarator?.['id'] as AnyNode
    if (others.length > 0 || id.type !== 'Identifier')
      throw new Error(`${where}: can check one plain variable only`)
    return `${text(statement)}${check(text(id))}`
  }
  const expression = statement['expression'] as AnyNode
  const args = expression['arguments'] as AnyNode[]
  const logged =
    expression.type === 'CallExpression' && text(expression['callee'] as AnyNode) === 'console.log'
  return check(logged && args.length === 1 ? text(args[0]!) : `(${text(expression)})`)
}
