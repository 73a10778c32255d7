import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Picture } from '../pictures/picture.ts'
import { toPictures } from '../pictures/picture.ts'
import type { Panel, PanelRow } from '../pictures/sheet.ts'
import type { Score, TaskRecord } from '../record/record.ts'
import type { Task } from '../run/task.ts'
import { meanAndSpread } from '../scores/spread.ts'

const caption = (score: Score = {}) => {
  const { psnr } = score
  return psnr === undefined ? undefined : `${psnr.toFixed(1)} dB`
}

/** The contact sheet of a task. Rows: samples. Columns: truth where it is known, measurement, each method. */
export async function drawPanel(
  task: Task,
  record: TaskRecord,
  measurement: readonly Picture[] | undefined,
  restored: ReadonlyMap<string, Tensor>,
): Promise<Panel> {
  const truth = task.truth === undefined ? undefined : await toPictures(task.truth)
  const results = new Map<string, readonly Picture[]>()
  const means = new Map<string, Picture>()
  const spreads = new Map<string, { readonly picture: Picture; readonly largest: number }>()
  for (const [name, x] of restored) {
    const pictures = await toPictures(x)
    results.set(name, pictures)
    if (task.draws !== true) continue
    const { spread, largest } = meanAndSpread(pictures)
    spreads.set(name, { picture: spread, largest })
    const mean = scope(() => x.mean(0, true))
    const [picture] = await toPictures(mean)
    mean.dispose()
    if (picture !== undefined) means.set(name, picture)
  }
  const names = record.runs.map((run) => run.method)
  const blank = truth === undefined ? [] : [undefined]
  const rows = task.samples.map(
    (label, n): PanelRow => ({
      label,
      cells: [
        ...(truth === undefined ? [] : [truth[n]]),
        measurement?.[n],
        ...names.map((name) => results.get(name)?.[n]),
      ],
      captions: [
        ...blank,
        caption(record.input.scores[n]),
        ...record.runs.map((run) => caption(run.scores[n])),
      ],
    }),
  )
  const meanRow: PanelRow = {
    label: 'mean',
    cells: [...blank, undefined, ...names.map((name) => means.get(name))],
    captions: [...blank, undefined, ...record.runs.map((run) => caption(run.mean))],
  }
  // The largest deviation is white, and is said: in units of the range [−1, 1].
  const spreadRow: PanelRow = {
    label: 'std',
    cells: [...blank, undefined, ...names.map((name) => spreads.get(name)?.picture)],
    captions: [
      ...blank,
      undefined,
      ...names.map((name) => {
        const found = spreads.get(name)
        return found && `to ${(2 * found.largest).toFixed(2)}`
      }),
    ],
  }
  return {
    title: task.title,
    columns: [...(truth === undefined ? [] : ['truth']), 'measured', ...names],
    rows: task.draws === true ? [...rows, meanRow, spreadRow] : rows,
  }
}
