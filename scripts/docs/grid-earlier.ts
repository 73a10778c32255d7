// What a page of the grid has of methods whose cells are no longer kept: their rows, with their pictures.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { pictureOnSheet } from '@tweedie/runs'
import type { DigitTask } from './digits.ts'
import { tasks } from './digits.ts'
import { root } from './measured.ts'

/** A row of a page, as text. */
export interface EarlierRow {
  /** By the name of the task. */
  readonly cells: ReadonlyMap<string, string>
  readonly seconds: string
  readonly settings: string
  /** Why it cannot, and why a star stands: whole lines. */
  readonly cannot: readonly string[]
  readonly poor: readonly string[]
  readonly restored: ReadonlyMap<string, Picture>
}

/** A page as it stands. */
export interface EarlierPage {
  readonly rows: ReadonlyMap<string, EarlierRow>
  /** The first row, and what was measured, by the name of the task. */
  readonly input: ReadonlyMap<string, string>
  readonly measured: ReadonlyMap<string, Picture>
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((text) => text.trim())
const isNumber = (text: string | undefined): boolean => text !== undefined && /^−?-?\d/.test(text)
const linked = /^\| \[([\w-]+)\]/

/** @param name - Of the page and its picture, such as `grid-csgm`; undefined where there is none. */
export async function earlierPage(name: string): Promise<EarlierPage | undefined> {
  const [page, picture] = [join(root, `docs/${name}.md`), join(root, `docs/images/${name}.png`)]
  if (!existsSync(page) || !existsSync(picture)) return undefined
  const lines = readFileSync(page, 'utf8').split('\n')
  const head = cellsOf(lines.find((line) => line.startsWith('| method |')) ?? '').slice(1, -1)
  const used = head.flatMap((title) => tasks.find((task) => task.title === title) ?? [])
  const byTask = (texts: readonly string[]) =>
    new Map(used.map(({ name }, i) => [name, texts[i + 1] ?? ''] as const))
  const rows = lines.filter((line) => linked.test(line)).map((line) => ({
    method: linked.exec(line)?.[1] ?? '',
    texts: cellsOf(line),
  })) // biome-ignore format: a table
  const seen = used.filter((_, i) => rows.some(({ texts }) => isNumber(texts[i + 1])))
  const { picture: sheet } = await readPicture(picture)
  const labels = ['truth', 'measured', ...rows.map(({ method }) => method)]
  const at = (row: number, task: DigitTask, size?: number) =>
    pictureOnSheet(sheet, { labels, columns: seen.length }, [row, seen.indexOf(task)], size)
  const begin = (text: string) => lines.indexOf(text)
  const [cannot, poor] = [begin('Where a method cannot:'), begin('Where a star stands:')]
  const notes = (method: string, from: number, to: number) =>
    from < 0 ? [] : lines.slice(from, to < 0 ? undefined : to).filter((l) => l.startsWith(`- **${method}**,`))
  return {
    input: byTask(cellsOf(lines.find((line) => line.startsWith('| input |')) ?? '')),
    measured: new Map(seen.map((task) => [task.name, at(1, task)])),
    rows: new Map(
      rows.map(({ method, texts }, r) => [
        method,
        {
          cells: byTask(texts),
          seconds: texts.at(-1) ?? '',
          settings: lines.find((line) => isOf(line, method)) ?? '',
          cannot: notes(method, cannot, poor),
          poor: notes(method, poor, -1),
          restored: new Map(
            seen
              .filter(({ name }) => isNumber(byTask(texts).get(name)))
              .map((task) => [task.name, at(r + 2, task, task.side ?? 28)]),
          ),
        },
      ]),
    ),
  }
}

/** Whether a line of settings is of a method: `dps`, not `dps-gsg`. */
const isOf = (line: string, method: string): boolean => /^- `([\w-]+)/.exec(line)?.[1] === method
