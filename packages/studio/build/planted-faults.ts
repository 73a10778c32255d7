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

const name = 'virtual:planted-faults'
const methods = 'packages/solvers/src/methods/'

/**
 * The faults that the project plants in the files of methods, as a module of data: which they are, and which tests notice.
 * They come from `scripts/mutants`, which stays outside of the page.
 */
export const plantedFaults = (): Plugin => ({
  name: 'planted-faults',
  resolveId: (id) => (id === name ? `\0${name}` : undefined),
  async load(id) {
    if (id !== `\0${name}`) return undefined
    const table = new URL('../../../scripts/mutants/table.ts', import.meta.url).href
    const { edits } = (await import(table)) as { readonly edits: readonly Edit[] }
    const own = edits.filter(({ file, equivalent }) => file.startsWith(methods) && equivalent === undefined)
    const faults = Object.groupBy(own, ({ file }) => file.replace('packages/solvers/src/', ''))
    const data = Object.entries(faults).map(([path, list = []]) => [
      path,
      list.map(({ name, wrong, find, replace, nth, file, tests }) => ({
        ...{ name, wrong, find, replace, nth },
        tests: tests ?? [file.replace(/\.ts$/, '.test.ts')],
      })),
    ])
    return `export const plantedFaults = ${JSON.stringify(Object.fromEntries(data))}`
  },
})
