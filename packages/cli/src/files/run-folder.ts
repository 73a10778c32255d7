import type { FinishedRun, Picture, RunRecord } from '@tweedie/runs'
import { drawReport, drawSheet, formatRecord, recordRun } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import { dataUri, encodePicture } from '../images/png.ts'
import { version } from '../version.ts'
import type { Draft } from './write.ts'

const address = (picture: Picture) => dataUri(encodePicture(picture))

/** Writes contact-sheet.png, report.html and, last, run.json into a run's folder. */
export async function finishRun(draft: Draft, run: Omit<FinishedRun, 'machine'>): Promise<RunRecord> {
  const pictures = run.results.map((result) => result.pictures)
  await draft.write('contact-sheet.png', encodePicture(drawSheet(pictures.map(({ panel }) => panel))))
  const machine = describeMachine(version)
  const record = recordRun({ ...run, machine }, [...draft.files, 'report.html', 'run.json'])
  await draft.write('report.html', drawReport(record, pictures, address))
  await draft.write('run.json', formatRecord(record))
  return record
}
