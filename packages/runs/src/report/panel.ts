import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Picture } from '../pictures/picture.ts'
import { toPictures } from '../pictures/picture.ts'
import type { Panel, PanelRow } from '../pictures/sheet.ts'
import type { Score, TaskRecord } from '../record/record.ts'
import type { Task } from '../run/task.ts'

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
  for (const [name, x] of restored) {
    results.set(name, await toPictures(x))
    if (task.draws !== true) continue
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
  return {
    title: task.title,
    columns: [...(truth === undefined ? [] : ['truth']), 'measured', ...names],
    rows: task.draws === true ? [...rows, meanRow] : rows,
  }
}
