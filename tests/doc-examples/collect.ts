import { globSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..', '..')

/** A block of example code and where it stands. */
export interface Example {
  /** Path from the root, with `/`. */
  readonly file: string
  /** Line of the block's first line of code, from 1. */
  readonly line: number
  readonly code: string
}

/** Every runnable block: `@example` in the packages' doc comments, and ts blocks of the Markdown pages. */
export function collectExamples(): Example[] {
  const find = (pattern: string) => globSync(pattern, { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  const sources = find('packages/*/src/**/*.ts').filter((path) => !path.endsWith('.test.ts'))
  const pages = ['README.md', 'docs/*.md', 'packages/*/README.md'].flatMap(find)
  const read = (file: string) => readFileSync(resolve(root, file), 'utf8')
  return [
    ...sources.sort().flatMap((file) => fromSource(file, read(file))),
    ...pages.sort().flatMap((file) => fromMarkdown(file, read(file))),
  ]
}

/** The code for a module in `folder`, with imports relative to the example's own file (of internals) kept right. */
export function codeIn(folder: string, { file, code }: Example): string {
  return code.replace(/\b(from|import)(\s*\(?\s*)(['"])(\.[^'"]+)\3/g, (_, keyword, space, quote, path) => {
    const target = relative(folder, resolve(root, dirname(file), path)).replaceAll('\\', '/')
    return `${keyword}${space}${quote}${target}${quote}`
  })
}

/** The ts blocks after the first `@example` of each doc comment. */
export function fromSource(file: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const tag = comment[0].search(/^[ \t]*(?:\/\*)?\*[ \t]*@example/m)
    if (tag < 0) return []
    const before = text.slice(0, comment.index + tag).split('\n').length - 1
    const lines = comment[0].slice(tag).split('\n')
    return blocks(
      file,
      lines.map((line) => line.replace(/^[ \t]*\*(?!\/) ?/, '')),
      before,
    )
  })
}

/** The ts blocks of a page that are not marked `no-run`. */
export function fromMarkdown(file: string, text: string): Example[] {
  return blocks(file, text.split('\n'), 0)
}

function blocks(file: string, lines: readonly string[], before: number): Example[] {
  const examples: Example[] = []
  let open: { fence: string; indent: number; run: boolean; start: number } | undefined
  for (const [i, line] of lines.entries()) {
    const fence = /^(\s*)(`{3,})(.*)$/.exec(line)
    if (open === undefined && fence !== null) {
      const words = fence[3]!.trim().split(/[\s{},]+/)
      const run = (words[0] === 'ts' || words[0] === 'typescript') && !words.includes('no-run')
      open = { fence: fence[2]!, indent: fence[1]!.length, run, start: i + 1 }
    } else if (open !== undefined && line.trim() === open.fence) {
      const { indent, run, start } = open
      const code = lines.slice(start, i).map((l) => (l.slice(0, indent).trim() === '' ? l.slice(indent) : l))
      if (run) examples.push({ file, line: before + start + 1, code: code.join('\n') })
      open = undefined
    }
  }
  return examples
}
