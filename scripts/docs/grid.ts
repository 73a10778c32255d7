// The grid of pictures: every method on every task, on held-out digits: the picture and the page of each family, of all cells.
import { encodePicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { drawSheet, toPictures } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'
import type { Benches, DigitTask } from './digits.ts'
import { benchOf, openBenches, reasonOf, settingsText, tasks } from './digits.ts'
import { table } from './frame.ts'
import type { GridCell } from './grid-cells.ts'
import { digitsOf, pictureOf } from './grid-cells.ts'
import type { EarlierPage } from './grid-earlier.ts'
import { earlierPage } from './grid-earlier.ts'
import type { GridAsked } from './grid-run.ts'
import { runGrid } from './grid-run.ts'
import { write } from './measured.ts'

type CellOf = (method: AnyMethod, task: DigitTask) => GridCell | undefined

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
export async function drawGrids(asked: GridAsked): Promise<void> {
  const known = await runGrid(asked)
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
    pick: (cell: GridCell, method: AnyMethod, task: DigitTask) => string | undefined,
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
