// The grid of pictures: every method on every task, on held-out digits. Each cell is kept in out/grid as it is done, so
// that a run which is interrupted goes on where it was; then the picture and the page are made of all cells.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePicture } from '@tweedie/cli'
import type { MethodRecord, Picture, TaskRecord } from '@tweedie/runs'
import { drawSheet, meanScore, toPictures, verdict } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods, UnfitError } from '@tweedie/solvers'
import { TweedieError } from '@tweedie/tensor'
import type { Benches, DigitTask } from './digits.ts'
import {
  benchOf,
  openBenches,
  operatorOf,
  reasonOf,
  runOn,
  settingsOf,
  settingsText,
  tasks,
} from './digits.ts'
import { table } from './frame.ts'
import type { EarlierPage } from './grid-earlier.ts'
import { earlierPage } from './grid-earlier.ts'
import { root, write } from './measured.ts'

/** Digits of a cell: one where a method may take minutes for it. */
const digitsOf = ({ info }: AnyMethod): 1 | 2 => (info.family === 'explicit' ? 2 : 1)
const folder = join(root, 'out/grid')

/** A grey picture as text: a byte for each pixel. */
interface Kept {
  readonly width: number
  readonly height: number
  readonly pixels: string
}

/** What became of a method on a task. */
interface Cell {
  /** Of what it depends on; a cell of another digest is run again. */
  readonly digest: string
  /** Why it cannot, in a sentence without its full stop. */
  readonly cannot?: string
  readonly psnr?: number
  /** That of the degraded picture. */
  readonly input?: number
  readonly misfit?: number
  readonly seconds?: number
  /** What the numbers say of a restoration that is none. */
  readonly why?: string
  readonly measured?: Kept
  readonly restored?: Kept
}

const keep = ({ width, height, channels, data }: Picture): Kept => {
  const size = width * height
  const grey = Uint8Array.from({ length: size }, (_, i) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += data[c * size + i] ?? 0
    return Math.round((255 * sum) / channels)
  })
  return { width, height, pixels: Buffer.from(grey).toString('base64') }
}

const pictureOf = ({ width, height, pixels }: Kept): Picture => ({
  channels: 1,
  width,
  height,
  data: Float32Array.from(Buffer.from(pixels, 'base64'), (v) => v / 255),
})

const digestOf = (method: AnyMethod, task: DigitTask): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        method.info.name,
        settingsOf(method, task),
        task.operator,
        task.noise,
        digitsOf(method),
      ]),
    )
    .digest('hex')
    .slice(0, 12)

const fileOf = (method: AnyMethod, task: DigitTask) => join(folder, `${method.info.name}--${task.name}.json`)

function readCell(method: AnyMethod, task: DigitTask): Cell | undefined {
  const file = fileOf(method, task)
  if (!existsSync(file)) return undefined
  const cell: Cell = JSON.parse(readFileSync(file, 'utf8'))
  return cell.digest === digestOf(method, task) ? cell : undefined
}

const scored = (record: TaskRecord, run: MethodRecord): Partial<Cell> => {
  const [psnr, misfit] = ['psnr', 'misfit'].map((which) => meanScore(run.scores, which))
  const input = meanScore(record.input.scores, 'psnr')
  const { why } = verdict(record, run)
  return {
    seconds: run.seconds,
    ...(psnr !== undefined && { psnr }),
    ...(misfit !== undefined && { misfit }),
    ...(input !== undefined && { input }),
    ...(why !== undefined && { why }),
  }
}

async function runCell(
  method: AnyMethod,
  task: DigitTask,
  open: (digits: 1 | 2) => Promise<Benches>,
): Promise<Cell | undefined> {
  const bench = benchOf(await open(digitsOf(method)), task)
  const operator = operatorOf(task, bench)
  if (operator === undefined) return undefined
  const digest = digestOf(method, task)
  try {
    const { record, restored, measurement } = await runOn(method, task, operator, bench)
    const [run] = record.runs
    const x = restored.get(method.info.name)
    const [first] = measurement ?? []
    const measured = first === undefined ? {} : { measured: keep(first) }
    if (run === undefined || x === undefined)
      return { digest, ...measured, cannot: run?.error ?? 'it did not finish' }
    const [picture] = await toPictures(x)
    x.dispose()
    return {
      digest,
      ...measured,
      ...scored(record, run),
      ...(picture !== undefined && { restored: keep(picture) }),
    }
  } catch (error) {
    if (error instanceof UnfitError) return { digest, cannot: error.reason }
    // A method that refuses a problem says why; anything else is a bug.
    if (error instanceof TweedieError) return { digest, cannot: error.message }
    throw error
  }
}

/** All cells, those that are not known or not to be kept run now. */
async function cells(only: readonly string[], fresh: boolean): Promise<Map<string, Cell>> {
  mkdirSync(folder, { recursive: true })
  const opened = new Map<number, Promise<Benches>>()
  const open = (digits: 1 | 2) => opened.get(digits) ?? openBenches(digits)
  for (const digits of [1, 2] as const) opened.set(digits, openBenches(digits))
  const found = new Map<string, Cell>()
  const all = [...methods].flatMap((method) => tasks.map((task) => ({ method, task })))
  for (const [i, { method, task }] of all.entries()) {
    const { name } = method.info
    const asked = only.length === 0 || only.includes(name)
    const known = fresh && asked ? undefined : readCell(method, task)
    const cell = known ?? (asked ? await runCell(method, task, open) : undefined)
    if (cell === undefined) continue
    found.set(`${name}/${task.name}`, cell)
    if (known !== undefined) continue
    writeFileSync(fileOf(method, task), JSON.stringify(cell))
    const told = cell.cannot ?? `${cell.psnr?.toFixed(1)} dB, ${cell.seconds?.toFixed(1)} s`
    console.log(`${i + 1}/${all.length} ${name} on ${task.name}: ${told}`)
  }
  return found
}

type CellOf = (method: AnyMethod, task: DigitTask) => Cell | undefined

/** What there is of a family: the cells that are kept, and the page as it stands for methods that have none. */
interface Found {
  readonly of: CellOf
  readonly earlier: EarlierPage | undefined
}

/** The row of the page as it stands, of a method without a cell. */
const earlierRow = ({ of, earlier }: Found, method: AnyMethod) =>
  tasks.some((task) => of(method, task) !== undefined) ? undefined : earlier?.rows.get(method.info.name)

/** What the pages are of, in their order. */
const families = {
  explicit: 'Explicit approximations',
  variational: 'Variational methods',
  csgm: 'Methods of the CSGM type',
  exact: 'Asymptotically exact methods',
  latent: 'Methods on latents',
} as const

/** Runs what is missing, and writes a picture and a page for each family of which there is any cell. */
export async function drawGrids(only: readonly string[], fresh: boolean): Promise<void> {
  const known = await cells(only, fresh)
  const of: CellOf = (method, task) => known.get(`${method.info.name}/${task.name}`)
  const benches = await openBenches(1)
  for (const [family, title] of Object.entries(families)) {
    const all = [...methods].filter(({ info }) => info.family === family)
    // Of a family without a cell nothing changes.
    if (!all.some((method) => tasks.some((task) => of(method, task) !== undefined))) continue
    const name = `grid-${family}`
    const found: Found = { of, earlier: await earlierPage(name) }
    const members = all.filter(
      (method) =>
        earlierRow(found, method) !== undefined || tasks.some((task) => of(method, task) !== undefined),
    )
    const used = tasks.filter((task) =>
      members.some(
        (method) => (of(method, task) ?? earlierRow(found, method)?.cells.get(task.name)) !== undefined,
      ),
    )
    const seen = used.filter((task) =>
      members.some((method) => restoredBy(found, method, task) !== undefined),
    )
    write(`docs/images/${name}.png`, await drawGrid(members, seen, found, benches))
    write(`docs/${name}.md`, page(title, name, members, used, found))
  }
}

function restoredBy(found: Found, method: AnyMethod, task: DigitTask): Picture | undefined {
  const kept = found.of(method, task)?.restored
  return kept === undefined ? earlierRow(found, method)?.restored.get(task.name) : pictureOf(kept)
}

/** The picture of a family, of the tasks that any of it restores. */
async function drawGrid(
  members: readonly AnyMethod[],
  used: readonly DigitTask[],
  found: Found,
  benches: Benches,
): Promise<Uint8Array> {
  const truth = await Promise.all(
    used.map(async (task) => (await toPictures(benchOf(benches, task).truth))[0]),
  )
  const measured = used.map((task) => {
    const kept = members.flatMap((method) => found.of(method, task)?.measured ?? [])[0]
    return kept === undefined ? found.earlier?.measured.get(task.name) : pictureOf(kept)
  })
  const rows = members.map((method) => ({
    label: method.info.name,
    cells: used.map((task) => restoredBy(found, method, task)),
  }))
  const sheet = drawSheet([
    {
      title: 'held-out digit 3',
      columns: used.map(({ title }) => title),
      rows: [{ label: 'truth', cells: truth }, { label: 'measured', cells: measured }, ...rows],
    },
  ])
  return encodePicture(sheet)
}

const db = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(1))

function page(
  title: string,
  name: string,
  all: readonly AnyMethod[],
  used: readonly DigitTask[],
  found: Found,
): string {
  const { of, earlier } = found
  const digits = all.some((method) => digitsOf(method) === 2) ? 'two digits' : 'one digit'
  const input = used.map((task) => {
    const known = all.flatMap((method) => of(method, task)?.input ?? [])[0]
    return known === undefined ? (earlier?.input.get(task.name) ?? '–') : db(known)
  })
  const rows = all.map((method) => [
    `[${method.info.name}](methods/${method.info.name}.md)`,
    ...used.map((task) => {
      const before = earlierRow(found, method)
      if (before !== undefined) return before.cells.get(task.name) ?? ''
      const cell = of(method, task)
      if (cell === undefined) return ''
      if (cell.psnr === undefined) return '–'
      return cell.why === undefined ? db(cell.psnr) : `${db(cell.psnr)} *`
    }),
    earlierRow(found, method)?.seconds ??
      String(Math.round(used.reduce((sum, task) => sum + (of(method, task)?.seconds ?? 0), 0))),
  ])
  const settings = all.map((method) => {
    const before = earlierRow(found, method)
    if (before !== undefined) return before.settings
    const common = used.map((task) => settingsText(method, task))
    const kinds = [...new Set(common)].map((text) => {
      const on = used.filter((_, i) => common[i] === text).map(({ title }) => title)
      return `\`${text}\`${common.every((other) => other === text) ? '' : ` (${on.join(', ')})`}`
    })
    return `- ${kinds.join('; ')}`
  })
  const sentences = (
    which: 'cannot' | 'poor',
    pick: (cell: Cell, method: AnyMethod, task: DigitTask) => string | undefined,
  ) =>
    all.flatMap((method) => {
      const before = earlierRow(found, method)
      if (before !== undefined) return before[which]
      const why = new Map<string, string[]>()
      for (const task of used) {
        const cell = of(method, task)
        const text = cell === undefined ? undefined : pick(cell, method, task)
        if (text !== undefined) why.set(text, [...(why.get(text) ?? []), task.title])
      }
      return [...why].map(([text, on]) => `- **${method.info.name}**, ${on.join(', ')}: ${text}.`)
    })
  const cannot = sentences('cannot', (cell) => cell.cannot)
  const poor = sentences('poor', ({ cannot: refused, why }, method, task) =>
    refused === undefined && why !== undefined ? (reasonOf(method, task) ?? why) : undefined,
  )
  return `# ${title} on every task

Written by \`npm run docs -- --grid\`, as all pages of [grid.md](grid.md): ${digits} that the prior has not seen, one measurement of each; the
picture shows the first.

![Rows: truth, measurement, and what each method makes of it; columns: tasks](images/${name}.png)

PSNR in dB, means over the digits; the first row is the input: the measurement, its pseudo-inverse or its adjoint. The last
column is seconds for the row. PSNR under-rates a plausible other digit, as in the box. A dash: it cannot, for a reason told below;
an empty cell: it was not run.

${table(['method', ...used.map(({ title }) => title), 's'], [['input', ...input, ''], ...rows], (i) => i > 0)}

Tasks:

${used.map(({ title, operator, noise }) => `- ${title}: \`${operator}\`, noise \`${noise}\``).join('\n')}

Methods were run with their own options but for these:

${settings.join('\n')}
${cannot.length === 0 ? '' : `\nWhere a method cannot:\n\n${cannot.join('\n')}\n`}${
  poor.length === 0 ? '' : `\nWhere a star stands:\n\n${poor.join('\n')}\n`
}`
}
