import type { Edit } from '../edit.ts'

/** Edits of the files under `src`: of one file, by name, text, replacement, what is wrong, and whatever else. */
export const editsOf =
  (src: string) =>
  (file: string) =>
  (name: string, find: string, replace: string, wrong: string, more: Partial<Edit> = {}): Edit => ({
    name,
    file: `${src}/${file}`,
    find,
    replace,
    wrong,
    ...more,
  })

/** The test files in these folders or files under `src` first. */
export const inside = (src: string, ...paths: readonly string[]): Partial<Edit> => ({
  tests: paths.map((path) => `${src}/${path}`),
})
