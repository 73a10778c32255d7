/** The files of methods as they stand in the repository: each a file of the page, fetched when it is chosen. */
const files = import.meta.glob<string>(
  [
    '../../../../solvers/src/methods/*/*.ts',
    '!../../../../solvers/src/methods/*/*.test.*',
    '!../../../../solvers/src/methods/*/*-presets.ts',
  ],
  { query: '?raw', import: 'default' },
)
const beginning = /^.*solvers\/src\//
const paths = new Map(Object.keys(files).map((file) => [file.replace(beginning, ''), file]))

/** The path of a method's file in `packages/solvers/src`; undefined for a method that there is not. */
export const pathOf = (method: string): string | undefined =>
  [...paths.keys()].find((path) => path.endsWith(`/${method}.ts`))

/** Its text. */
export async function sourceOf(path: string): Promise<string> {
  const load = files[paths.get(path) ?? '']
  if (load === undefined) throw new Error(`there is no file ${path}`)
  return load()
}
