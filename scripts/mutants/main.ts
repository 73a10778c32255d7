// Plants faults, one at a time, in a copy of the project, and tells which no test notices.
// Run: npm run mutants [-- packages/solvers] [--only NAME]… [--survivors] [--first] [--jobs N] [--list]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { copyProject, projectFiles } from './copy.ts'
import type { Edit } from './edit.ts'
import { digestOf, editedSource, packageOf } from './edit.ts'
import { markdownOf } from './markdown.ts'
import type { Result } from './results.ts'
import { loadResults, writeFile } from './results.ts'
import { edits } from './table.ts'
import { runTests } from './tests.ts'

const usage = `Usage: npm run mutants -- [PATH…] [options]

  PATH          only edits of files whose path contains it, as packages/solvers
  --only NAME   only edits whose name contains NAME; more than once for several
  --list        say which edits there are, and what became of each
  --survivors   again those that survived; results of the others are kept, whatever has changed since
  --first       only the tests that are tried first, those beside the file; what they miss stays to be run
  --keep        results hold though their package has changed since: for added tests
  --fresh       forget the results kept so far
  --jobs N      edits at the same time (default: half the processors)
  --timeout S   seconds until tests count as hung (default: five times the package's own, at least 120)

Results are kept in out/mutants.json: a run that was broken off goes on where it stopped. A result holds
until its edit or its package changes. The table is written to docs/mutants.md.`

const root = resolve(import.meta.dirname, '../..')
const kept = join(root, 'out', 'mutants.json')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
    survivors: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
    timeout: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const jobs = positiveInteger('--jobs', values.jobs)
const timeout = values.timeout === undefined ? undefined : positiveInteger('--timeout', values.timeout)
const chosen = edits.filter(
  ({ name, file }) =>
    (positionals.length === 0 || positionals.some((path) => file.includes(path))) &&
    (values.only === undefined || values.only.some((part) => name.includes(part))),
)
if (chosen.length === 0) fail('no edit is chosen; --list names them')
const results = values.fresh ? { edits: {}, green: {} } : loadResults(kept)

if (values.list) {
  for (const { name, file, wrong, equivalent } of chosen) {
    const verdict = equivalent === undefined ? (results.edits[name]?.verdict ?? 'not run') : 'equivalent'
    console.log(`${name.padEnd(28)} ${verdict.padEnd(10)} ${file}: ${wrong}`)
  }
  process.exit(0)
}

// All of them, before any work: a stale table is to be seen at once.
for (const edit of edits) editedSource(root, edit)

let knownTests: readonly string[] | undefined
const testFiles = () =>
  (knownTests ??= projectFiles(root, 'packages').filter((file) => file.endsWith('.test.ts')))

const packageDigests = new Map<string, string>()
function digestOfPackage(name: string): string {
  const known = packageDigests.get(name)
  if (known !== undefined) return known
  const files = projectFiles(root, join('packages', name)).filter((file) => file.endsWith('.ts'))
  const digest = digestOf(...files.flatMap((file) => [file, readFileSync(join(root, file))]))
  packageDigests.set(name, digest)
  return digest
}
const digestOfEdit = (edit: Edit) =>
  digestOf(edit.file, edit.find, edit.replace, String(edit.nth), digestOfPackage(packageOf(edit)))

const queue = chosen.filter((edit) => {
  const known = results.edits[edit.name]
  if (edit.equivalent !== undefined) return false
  if (values.survivors) return known?.verdict === 'survived' || known?.verdict === 'broken'
  return values.keep ? known === undefined : known?.digest !== digestOfEdit(edit)
})
const total = queue.length
console.log(`${chosen.length} edits chosen, ${total} to run, ${jobs} at a time`)

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => stop.abort(signal))
}
const work = mkdtempSync(join(tmpdir(), 'tweedie-mutants-'))
try {
  const copies = Array.from({ length: Math.min(jobs, total) }, (_, i) =>
    copyProject(root, join(work, `${i}`)),
  )
  if (copies[0] !== undefined) await requireGreen(copies[0])
  const began = performance.now()
  let done = 0
  const workers = await Promise.allSettled(
    copies.map(async (copy) => {
      for (let edit = queue.shift(); edit !== undefined && !stop.signal.aborted; edit = queue.shift()) {
        const result = await judge(copy, edit)
        done++
        if (result === undefined) {
          console.log(`${String(done).padStart(String(total).length)}/${total} not yet  ${edit.name}`)
          continue
        }
        results.edits[edit.name] = result
        save()
        const left = (((performance.now() - began) / done) * (total - done)) / 60_000
        const by = result.file === undefined ? (result.test ?? '') : `by ${result.file}`
        console.log(
          `${String(done).padStart(String(total).length)}/${total} ${result.verdict.padEnd(8)} ` +
            `${edit.name.padEnd(28)} ${by} (${result.seconds.toFixed(0)} s; ${left.toFixed(0)} min left)`,
        )
      }
    }),
  )
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
} catch (error) {
  if (!stop.signal.aborted) throw error
  console.error('stopped; the same command goes on from here')
  process.exitCode = 130
} finally {
  rmSync(work, { recursive: true, force: true })
}
if (!stop.signal.aborted) {
  writeFile(join(root, 'docs', 'mutants.md'), markdownOf(edits, results.edits, new Date()))
  const bad = chosen.filter(({ name, equivalent }) => {
    const verdict = results.edits[name]?.verdict
    return equivalent === undefined && (verdict === 'survived' || verdict === 'broken')
  })
  for (const { name, file, wrong } of bad) console.log(`SURVIVED ${name} (${file}): ${wrong}`)
  const open = chosen.filter(
    ({ name, equivalent }) => equivalent === undefined && results.edits[name] === undefined,
  ).length
  console.log(
    `${chosen.length - bad.length - open} of ${chosen.length} killed or equivalent, ${open} not run; docs/mutants.md is written`,
  )
  if (bad.length > 0) process.exitCode = 1
}

function save(): void {
  writeFile(kept, `${JSON.stringify(results, null, 1)}\n`)
}

/** Tests that fail without any edit would call every edit killed. */
async function requireGreen(copy: string): Promise<void> {
  for (const name of new Set(queue.map(packageOf))) {
    const edits = queue.filter((edit) => packageOf(edit) === name)
    const first = [...new Set(edits.flatMap((edit) => stagesOf(edit)[0] ?? []))].sort()
    const filters = values.first ? first : [`packages/${name}/`]
    const whole = digestOfPackage(name)
    const digest = values.first ? digestOf(whole, ...first) : whole
    if (results.green[whole] !== undefined || results.green[digest] !== undefined) continue
    console.log(`the tests of ${name} without an edit …`)
    const run = await runTests(copy, filters, {
      timeout: 3600, // a limit given is that of one edit's tests; these are the tests of all of them
      workers: 2,
      signal: stop.signal,
    })
    if (run.verdict !== 'passed') {
      throw new Error(
        `the tests of ${name} fail without an edit: ${run.file ?? ''} ${run.test ?? run.verdict}`,
      )
    }
    results.green[digest] = Math.ceil(run.seconds)
    save()
  }
}

/** The tests named like the file or those that the edit names, then those of its folder, then all of its package. */
function stagesOf({ file, tests }: Edit): (readonly string[])[] {
  const [named, folder] = [file.replace(/\.ts$/, ''), dirname(file)]
  const known = testFiles()
  const first = tests ?? (known.some((test) => test.startsWith(named)) ? [named] : undefined)
  const inFolder = known.some((test) => test.startsWith(`${folder}/`)) ? [`${folder}/`] : undefined
  const whole = [`packages/${file.split('/')[1]}/`]
  return [first, inFolder, whole].filter((stage) => stage !== undefined)
}

/** @returns undefined where only the first tests were asked for, and they noticed nothing. */
async function judge(copy: string, edit: Edit): Promise<Result | undefined> {
  const path = join(copy, edit.file)
  const original = readFileSync(path, 'utf8')
  const limit = timeout ?? Math.max(120, 5 * (results.green[digestOfPackage(packageOf(edit))] ?? 120))
  const digest = digestOfEdit(edit)
  let seconds = 0
  writeFileSync(path, editedSource(root, edit))
  try {
    const stages = stagesOf(edit)
    for (const filters of values.first ? stages.slice(0, 1) : stages) {
      const run = await runTests(copy, filters, {
        timeout: limit,
        workers: jobs > 1 ? 1 : 2,
        signal: stop.signal,
      })
      seconds += run.seconds
      if (run.verdict === 'passed') continue
      const verdict = run.verdict === 'failed' ? 'killed' : run.verdict
      const by = { ...(run.file && { file: run.file }), ...(run.test && { test: run.test }) }
      return { verdict, ...by, seconds: Math.round(seconds), digest }
    }
    return values.first ? undefined : { verdict: 'survived', seconds: Math.round(seconds), digest }
  } finally {
    writeFileSync(path, original)
  }
}

function positiveInteger(name: string, text: string): number {
  const n = Number(text)
  return Number.isInteger(n) && n > 0 ? n : fail(`${name} takes a positive integer, got ${text}`)
}

function fail(message: string): never {
  console.error(`mutants: ${message}`)
  process.exit(2)
}
