import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderRecord, FolderRow, InputRecord, ShownRow } from '@tweedie/runs'
import { drawFolderReport, failedOf, formatRecord, InterruptedError } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import { specName } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { explain, PicturesFailedError } from '../../../errors.ts'
import { absolute, checkFile, writeOneFile } from '../../../files/write.ts'
import { isOurPng } from '../../../images/png.ts'
import type { Io } from '../../../io.ts'
import { ownModule } from '../../../own/index.ts'
import { resolveOperatorKind } from '../../../resolve.ts'
import { startProgress } from '../../../terminal/progress.ts'
import { duration, Estimate } from '../../../terminal/time-left.ts'
import { version } from '../../../version.ts'
import type { RestoreOptions } from '../perform.ts'
import type { Means } from '../restore.ts'
import { meansOf, readTarget } from '../restore.ts'
import type { OpenFolder } from './journal.ts'
import { checkPictures, journalFile, openPictures, recordFile } from './journal.ts'
import { restoreOne } from './one.ts'
import { printFolder } from './summary.ts'
import type { Target } from './targets.ts'
import { listTargets } from './targets.ts'

/** The options of a run over a folder. */
export interface FolderOptions extends RestoreOptions {
  /** Folders, patterns and files. */
  readonly input: readonly string[]
}

const reportFile = 'report.html'

/** What the pictures depend on. */
const settingsOf = ({
  input: _,
  out: __,
  json: ___,
  resumable: ____,
  device: _____,
  backend: ______,
  laid: _______,
  ...settings
}: FolderOptions): Readonly<Record<string, unknown>> =>
  JSON.parse(JSON.stringify({ tweedie: version, ...settings }))

/** Sizes and times of the files of a prior and a preset of the user's: of others than before, pictures are not kept. */
async function stamps(io: Io, { prior, preset }: FolderOptions): Promise<Readonly<Record<string, unknown>>> {
  const filesOf = async (name: string | undefined): Promise<string[]> => {
    const path = absolute(io.cwd, name ?? '')
    const at = name === undefined ? undefined : await stat(path).catch(() => undefined)
    if (at === undefined) return []
    if (!at.isDirectory()) return [`${at.size} ${at.mtimeMs}`]
    const inside = (await readdir(path, { recursive: true })).sort()
    const stamped = await Promise.all(
      inside.slice(0, mostStamped).map(async (file) => {
        const { size, mtimeMs } = await stat(join(path, file))
        return `${file} ${size} ${mtimeMs}`
      }),
    )
    return stamped
  }
  const [ofPrior, ofPreset] = [await filesOf(prior), await filesOf(preset)]
  return {
    ...(ofPrior.length > 0 && { priorFiles: ofPrior }),
    ...(ofPreset.length > 0 && { presetFile: ofPreset }),
  }
}

/** A prior's folder has fewer files. */
const mostStamped = 1000

/** Whether a file is still the one of a record. */
async function isSame(io: Io, { file, bytes, sha256 }: InputRecord): Promise<boolean> {
  const content = await readFile(absolute(io.cwd, file)).catch(() => undefined)
  return content?.length === bytes && createHash('sha256').update(content).digest('hex') === sha256
}

/** Whether an earlier run has restored a picture, of the same files, and what it wrote is there. */
async function isKept(
  io: Io,
  folder: OpenFolder,
  target: Target,
  row: ShownRow | undefined,
): Promise<boolean> {
  if (row === undefined || row.error !== undefined || row.outputs.join('\n') !== target.outputs.join('\n'))
    return false
  if (!row.outputs.every((output) => existsSync(join(folder.path, output)))) return false
  for (const input of row.inputs) if (!(await isSame(io, input))) return false
  return true
}

/** @throws {OptionError} where a restoration would take the place of a file that is read. */
async function refuseOverwriting(io: Io, path: string, targets: readonly Target[]): Promise<void> {
  const real = async (file: string) => realpath(file).catch(() => file)
  const read = new Set(await Promise.all(targets.map(({ file }) => real(absolute(io.cwd, file)))))
  for (const output of targets.flatMap(({ outputs }) => outputs)) {
    const file = await real(join(path, output))
    if (read.has(file))
      throw new OptionError(
        '--out',
        `${output} in it is one of the pictures that are read; name another folder`,
      )
  }
}

/**
 * Restores every picture of a folder, as `restore` would each, and writes a PNG of each under its name, as soon as it is
 * done. One that fails is named, and the others go on. A run that was stopped or killed goes on where it was, by the same
 * command.
 * @throws {PicturesFailedError} at the end, where some could not be restored.
 */
export async function restoreFolder(io: Io, asked: FolderOptions, argv: readonly string[]): Promise<void> {
  const started = new Date()
  const settings = { ...settingsOf(asked), ...(await stamps(io, asked)) }
  const { targets, leftOut } = await listTargets(io.cwd, asked.input, asked.samples)
  const path = await checkPictures(absolute(io.cwd, asked.out), settings)
  await refuseOverwriting(io, path, targets)
  const means = await meansOf(io, asked)
  const { operator } = asked
  await resolveOperatorKind(
    io,
    ownModule(operator) === undefined ? specName(operator) : operator,
    '--operator',
  )
  const folder = await openPictures(path)
  const kept: boolean[] = []
  for (const target of targets) kept.push(await isKept(io, folder, target, folder.rows.get(target.file)))
  for (const [i, { outputs }] of targets.entries())
    if (kept[i] !== true) for (const output of outputs) await checkFile(join(path, output), isOurPng)
  const count = kept.filter(Boolean).length
  const notes = [
    ...(leftOut.length === 0 ? [] : [`left aside as no pictures: ${leftOut.join(', ')}`]),
    ...(count === 0
      ? []
      : [`${count} of ${targets.length} pictures were restored by an earlier run, and kept`]),
  ]
  const record = (rows: readonly FolderRow[], unfinished: boolean): FolderRecord => ({
    tool: 'tweedie',
    format: 1,
    command: 'restore',
    argv,
    options: { ...asked },
    settings,
    machine: describeMachine(version),
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    unfinished,
    pictures: rows,
    notes,
    files: [...rows.flatMap(({ outputs }) => outputs), journalFile, reportFile, recordFile],
  })
  const finish = async (rows: readonly ShownRow[], unfinished: boolean): Promise<FolderRecord> => {
    const done = record(
      rows.map(({ thumbs: _, ...row }) => row),
      unfinished,
    )
    const isOurs = () => true // of a folder whose run.json says so
    await writeOneFile(join(path, reportFile), Buffer.from(drawFolderReport(done, rows)), isOurs)
    await writeOneFile(join(path, recordFile), Buffer.from(formatRecord(done)), isOurs)
    return done
  }
  const rows = targets.flatMap(({ file }, i) => (kept[i] === true ? (folder.rows.get(file) ?? []) : []))
  await finish(rows, true)
  const all = { targets, kept, folder, means, asked, argv }
  const ended = await eachPicture(io, all, (row) => rows.push(row))
  const order = new Map(targets.map(({ file }, i) => [file, i]))
  rows.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0))
  const done = await finish(rows, !ended)
  if (!ended)
    throw new InterruptedError(
      `interrupted after ${rows.length} of ${targets.length} pictures, which are in ${asked.out}; the same command goes on`,
    )
  io.out(asked.json === true ? `${JSON.stringify(done, null, 2)}\n` : printFolder(done, asked.out, io))
  const failed = failedOf(rows)
  if (failed.length > 0)
    throw new PicturesFailedError(
      failed.map(({ file }) => file),
      targets.length,
    )
}

/** A run over pictures, its parts. */
interface Run {
  readonly targets: readonly Target[]
  readonly kept: readonly boolean[]
  readonly folder: OpenFolder
  readonly means: Means
  readonly asked: FolderOptions
  readonly argv: readonly string[]
}

/** Errors of a machine that will not let the next picture be written either. */
const lasting = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'])

/**
 * Restores the pictures that are not there yet, one after the other.
 * @returns Whether it came to the end: false where it was interrupted.
 */
async function eachPicture(
  io: Io,
  { targets, kept, folder, means, asked, argv }: Run,
  onRow: (row: ShownRow) => void,
): Promise<boolean> {
  const estimate = new Estimate(targets.map(({ bytes }) => bytes))
  for (const [i, isThere] of kept.entries()) if (isThere) estimate.read(i, 0)
  const bar = startProgress(io, { quiet: asked.json === true })
  /** A line a picture, where no bar is drawn. */
  const say = (text: string) => {
    if (io.terminal === undefined && asked.json !== true) io.err(`${text}\n`)
  }
  try {
    for (const [i, target] of targets.entries()) {
      if (kept[i] === true) continue
      const name = `${i + 1}/${targets.length} ${target.file}`
      const began = performance.now()
      let row: ShownRow
      try {
        if (io.signal.aborted) throw new InterruptedError()
        const input = await readTarget(io, target.file, asked)
        const { content } = input
        const pixels =
          content.kind === 'picture' ? content.picture.width * content.picture.height : target.bytes / 4
        estimate.read(i, pixels)
        bar.at(estimate.progress(i, 0), name)
        row = await restoreOne(io, { target, input, means, asked, argv, path: folder.path }, (part) =>
          bar.at(estimate.progress(i, part), name),
        )
        estimate.finished(i, (performance.now() - began) / 1000)
      } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException
        if (error instanceof Error && ['InterruptedError', 'AbortError'].includes(error.name)) return false
        if (code !== undefined && lasting.has(code) && syscall !== 'open') throw error
        estimate.read(i, 0)
        const message = explain(error).message.split('\n').join(' ')
        row = { file: target.file, inputs: [], outputs: [], notes: [], thumbs: [], error: message }
      }
      await folder.add(row)
      onRow(row)
      const { left } = estimate
      const after = left === undefined || i === targets.length - 1 ? '' : `, about ${duration(left)} left`
      const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
      say(`${name}: ${row.error?.replace(`${target.file}: `, '') ?? took}${after}`)
    }
    return true
  } finally {
    bar.stop()
  }
}
