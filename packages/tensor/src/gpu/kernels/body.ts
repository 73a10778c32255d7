/*
 * The text of kernels: statements one a line, blocks opened at the end of a line and closed at the start of another,
 * elements of inputs read as `a0[…]`, `a1[…]`, … without brackets inside, and a last line that returns the element.
 */

/** How a kernel reads the element of its own thread. */
export const indexOfThread = '(this.thread.x)'

const read = /\ba(\d+)\[([^\]]*)\]/g

/** The text with its inputs under other numbers, or read as another name. */
export const rewritten = (body: string, name: (argument: number) => number | string): string =>
  body.replace(read, (_, argument: string, index: string) => {
    const to = name(Number(argument))
    return typeof to === 'string' ? to : `a${to}[${index}]`
  })

/** The text with its scalars under numbers from `first` on. */
export const withScalarsFrom = (first: number, body: string): string =>
  body.replace(/\bs(\d+)\b/g, (_, scalar: string) => `s${first + Number(scalar)}`)

/** The text with another name for every variable. */
export function renamed(body: string, suffix: string): string {
  const names = new Set([...body.matchAll(/\b(?:let|const) (\w+)/g)].map(([, name]) => name!))
  return body.replace(/(?<![.\w])[a-z]\w*/gi, (word) => (names.has(word) ? word + suffix : word))
}

/** The statements, and the value that the last one returns. */
export function withoutReturn(body: string): { readonly lines: readonly string[]; readonly value: string } {
  const lines = body.split('\n')
  const value = /^return (.*);$/.exec(lines.at(-1)!)?.[1]
  if (value === undefined) throw new Error(`a kernel ends with '${lines.at(-1)}'`)
  return { lines: lines.slice(0, -1), value }
}

/** Where a kernel reads an input: the first line, and the index where that is one and of the thread alone. */
export interface Places {
  readonly line: number
  readonly index: string | undefined
}

/**
 * Where a kernel reads an input, if statements before that line may work the element out: not in a loop, and not under a
 * condition unless nothing else reads it.
 */
export function placesOf(body: string, argument: number): Places | undefined {
  const open: string[] = []
  const found: { line: number; index: string; depth: number }[] = []
  const lines = body.split('\n')
  for (const [line, text] of lines.entries()) {
    if (text.startsWith('}')) open.pop()
    for (const [, which, index] of text.matchAll(read)) {
      if (Number(which) !== argument) continue
      if (open.includes('for') || /^(for|if) /.test(text)) return undefined
      found.push({ line, index: index!, depth: open.length })
    }
    if (text.endsWith('{')) open.push(text.startsWith('for ') ? 'for' : 'if')
  }
  const first = found[0]
  if (first === undefined) return undefined
  if (first.depth > 0 && found.some(({ line }) => line !== first.line)) return undefined
  const one = found.every(({ index }) => index === first.index)
  const words = first.index.match(/[a-z][\w.]*/gi) ?? []
  const ofThread = words.every((word) => ['this.thread.x', 'this.thread.y', 'idiv', 'imod'].includes(word))
  return { line: first.line, index: one && ofThread ? first.index : undefined }
}
