import type { FinishedRun, Panel, Picture, RunRecord } from '@tweedie/runs'
import { drawReport, drawSheet, formatRecord, recordRun, reduced } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import { dataUri, encodePicture } from '../images/png.ts'
import { version } from '../version.ts'
import type { Draft } from './write.ts'

/** Pixels of the larger side of a picture in the report, and on the contact sheet: the PNGs beside them have all. */
const [reportSide, sheetSide] = [512, 1024]

const address = (picture: Picture) => dataUri(encodePicture(reduced(picture, reportSide)))

/** A panel with none of its pictures larger than a sheet has room for. */
const smaller = (panel: Panel): Panel => ({
  ...panel,
  rows: panel.rows.map((row) => ({
    ...row,
    cells: row.cells.map((cell) => cell && reduced(cell, sheetSide)),
  })),
})

/** Writes contact-sheet.png, report.html and, last, run.json into a run's folder. */
export async function finishRun(draft: Draft, run: Omit<FinishedRun, 'machine'>): Promise<RunRecord> {
  const pictures = run.results.map((result) => result.pictures)
  await draft.write(
    'contact-sheet.png',
    encodePicture(drawSheet(pictures.map(({ panel }) => smaller(panel)))),
  )
  const machine = describeMachine(version)
  const record = recordRun({ ...run, machine }, [...draft.files, 'report.html', 'run.json'])
  await draft.write('report.html', drawReport(record, pictures, address))
  await draft.write('run.json', formatRecord(record))
  return record
}
