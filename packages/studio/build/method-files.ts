import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** An edit as `scripts/mutants` has it. */
interface Edit {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly nth?: number
  readonly wrong: string
  readonly equivalent?: string
  readonly tests?: readonly string[]
}

const name = 'virtual:method-files'
const root = resolve(import.meta.dirname, '../../..')
const src = 'packages/solvers/src/'

/** The faults that the project plants in a file, and which tests notice. They come from `scripts/mutants`, which stays outside. */
const faultsOf = (edits: readonly Edit[], path: string) =>
  edits
    .filter(({ file, equivalent }) => file === src + path && equivalent === undefined)
    .map(({ name, wrong, find, replace, nth, file, tests = [file.replace(/\.ts$/, '.test.ts')] }) => ({
      ...{ name, wrong, find, replace, nth, tests },
    }))

/** Of each file of a method, by its path in `packages/solvers/src`: its text, and the faults that are known of it. */
async function methodFiles() {
  const table = new URL('../../../scripts/mutants/table.ts', import.meta.url).href
  const { edits } = (await import(table)) as { readonly edits: readonly Edit[] }
  const paths = globSync('methods/*/*.ts', { cwd: join(root, src) }).filter(
    (path) => !/\.test\.|-presets\.ts$/.test(path),
  )
  return Object.fromEntries(
    paths
      .sort()
      .map((path) => [
        path,
        { text: readFileSync(join(root, src, path), 'utf8'), faults: faultsOf(edits, path) },
      ]),
  )
}

/** The files of methods as one deflated file of the page, a quarter of what they are: the module's default is its address. */
export function methodFilesPlugin(): Plugin {
  let cache = ''
  return {
    name: 'method-files',
    configResolved: ({ cacheDir }) => {
      cache = cacheDir
    },
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    async load(id) {
      if (id !== `\0${name}`) return undefined
      const file = join(cache, 'methods.deflate')
      mkdirSync(cache, { recursive: true })
      writeFileSync(file, deflateRawSync(JSON.stringify(await methodFiles()), { level: 9 }))
      return `export { default } from ${JSON.stringify(`${file}?url`)}`
    },
  }
}
