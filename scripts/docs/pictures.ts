// A strip of pictures for each method: truth, measurement, the denoised guess on its way, the restoration.
import { encodePicture } from '@tweedie/cli'
import { drawSheet, toPictures } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'
import { TweedieError } from '@tweedie/tensor'
import type { Benches } from './digits.ts'
import { benchOf, openBenches, operatorOf, runOn, tasks } from './digits.ts'
import { write } from './measured.ts'
import { pictureOf } from './pages.ts'

/** The largest that a picture may be, in bytes. */
const most = 40_000

/** The strip of a method on the first task that it takes. */
async function strip(method: AnyMethod, benches: Benches): Promise<Uint8Array | undefined> {
  for (const task of tasks) {
    const bench = benchOf(benches, task)
    const operator = operatorOf(task, bench)
    if (operator === undefined) continue
    try {
      const { pictures, restored, measurement } = await runOn(method, task, operator, bench)
      const [truth] = await toPictures(bench.truth)
      const [steps] = pictures.strips
      const x = restored.get(method.info.name)
      if (x === undefined || steps === undefined) continue
      const [last] = await toPictures(x)
      x.dispose()
      const shown = steps.steps.slice(0, -1) // the last guess is the restoration, or next to it
      const sheet = drawSheet([
        {
          title: `${method.info.name}, ${task.operator}`,
          columns: ['truth', 'measured', ...shown.map(({ i }) => `step ${i + 1}`), 'restored'],
          rows: [
            { label: '', cells: [truth, measurement?.[0], ...shown.map(({ picture }) => picture), last] },
          ],
        },
      ])
      return encodePicture(sheet)
    } catch (error) {
      if (!(error instanceof TweedieError)) throw error
    }
  }
  return undefined
}

/** Draws the strips of the methods whose names contain one of `only`; all where none is given. */
export async function drawPictures(only: readonly string[]): Promise<string[]> {
  const benches = await openBenches(1)
  const faults: string[] = []
  for (const method of methods) {
    const { name } = method.info
    if (only.length > 0 && !only.includes(name)) continue
    const png = await strip(method, benches)
    if (png === undefined) faults.push(`${name}: it takes none of the tasks, or diverged on them`)
    else if (png.length > most)
      faults.push(`${name}: its picture is of ${png.length} bytes, more than ${most}`)
    else write(pictureOf(name), png)
    console.log(`${name}: ${png?.length ?? 0} bytes`)
  }
  return faults
}
