import type { Edit } from '../edit.ts'

/**
 * Edits of the files under `src`: of one file, by name, text, replacement, what is wrong, and whatever else.
 * `first` are the tests under `src` to try first where an edit names none.
 */
export const editsOf =
  (src: string) =>
  (file: string, ...first: readonly string[]) =>
  (name: string, find: string, replace: string, wrong: string, more: Partial<Edit> = {}): Edit => ({
    name,
    file: `${src}/${file}`,
    find,
    replace,
    wrong,
    ...(first.length > 0 && inside(src, ...first)),
    ...more,
  })

/** The test files in these folders or files under `src` first. */
export const inside = (src: string, ...paths: readonly string[]): Partial<Edit> => ({
  tests: paths.map((path) => `${src}/${path}`),
})
