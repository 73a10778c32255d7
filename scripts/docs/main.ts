// Writes what is generated of the documentation: `npm run docs`. Run with --help for what else it measures.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './measured.ts'
import { renew, strays } from './pages.ts'

const usage = `Usage: npm run docs [-- options] [METHOD…]

Renews the frames of docs/methods/*.md and the list of methods, and says what their bodies lack; and the tables of
docs/training.md. Before that, if asked for:

  --pictures   draws a strip of each method's run on a held-out digit (docs/images/methods)
  --exact      measures how far each method is from exact posteriors (docs/exact.md, docs/methods/measured.json)
  --grid       runs each method on each task on held-out digits (docs/grid-FAMILY.md with its picture); goes on where it was
               interrupted, and takes up to an hour on two cores
  --posterior  draws several restorations of one measurement, by the methods that sample (docs/posterior.md)
  --published  reruns what published benchmarks are checked by (docs/published-benchmarks.md)
  --metrics    measures floors and power of the metrics of posterior samples (docs/calibration-metrics.md); minutes
  --tuning     sweeps settings by the error of the mean and by proper scores (docs/tuning.md); minutes
  --weighted   measures what the drift and the weights of weighted diffusions do (docs/weighted-diffusion.md); minutes
  --digits-gmm draws exact posteriors of digits beside those of methods (docs/digits-gmm.md)
  --calibration
               writes docs/calibration.md and a page for each suite from the results in docs/calibration; METHOD is then a suite
  --restorations
               writes docs/restorations.md from the results of \`tweedie bench images\` in docs/restorations
  --photos     measures the prior of photographs (docs/photos.md); METHOD is then the folder of another than the shipped one; half
               an hour on two quiet cores; goes on where it was interrupted
  --xray       measures the prior of X-rays and draws what it restores (docs/xray.md); METHOD is then a section, kept until
               the page is written; minutes
  --photos-noisy DIR
               writes the noisy photographs that scripts/docs/photos_peers.py gives to scikit-image
  --midpoints  W₂ against the midpoint of MGPS and the repeats of MGDM (docs/midpoints.md); minutes
  --profile    measures where the time of each method goes (docs/profile.md)
  --studio     draws the rooms of the Studio in both themes (docs/images/studio-….png); needs Chromium, and its built page
  --jobs N     with --grid: so many cells at once, each on one core
  --fresh      with --grid or --metrics: runs again what was run before
  METHOD       for these methods only; what is known of the others is kept`

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'boolean', default: false },
    exact: { type: 'boolean', default: false },
    grid: { type: 'boolean', default: false },
    posterior: { type: 'boolean', default: false },
    published: { type: 'boolean', default: false },
    metrics: { type: 'boolean', default: false },
    tuning: { type: 'boolean', default: false },
    weighted: { type: 'boolean', default: false },
    'digits-gmm': { type: 'boolean', default: false },
    midpoints: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    calibration: { type: 'boolean', default: false },
    restorations: { type: 'boolean', default: false },
    photos: { type: 'boolean', default: false },
    xray: { type: 'boolean', default: false },
    'photos-noisy': { type: 'string' },
    studio: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}
/** @throws {RangeError} for what is no count. */
function jobsOf(text: string): number {
  const jobs = Number(text)
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new RangeError(`--jobs must be a positive integer, got ${text}`)
  return jobs
}

const faults: string[] = []
if (values.pictures) faults.push(...(await (await import('./pictures.ts')).drawPictures(only)))
if (values.exact) await (await import('./exact.ts')).measureDistances(only)
if (values.grid)
  await (await import('./grid.ts')).drawGrids({ only, fresh: values.fresh, jobs: jobsOf(values.jobs) })
if (values.posterior) await (await import('./posterior.ts')).drawPosteriors()
if (values.published) await (await import('./published.ts')).writePublished()
if (values.metrics) (await import('./metrics.ts')).writeMetrics(values.fresh)
if (values.tuning) await (await import('./tuning.ts')).measureTuning()
if (values.weighted) await (await import('./weighted.ts')).measureWeighted()
if (values['digits-gmm']) await (await import('./digits-gmm.ts')).drawDigitsGmm()
if (values.calibration) (await import('./calibration.ts')).drawCalibration(only)
if (values.restorations) (await import('./restorations.ts')).drawRestorations()
if (values['photos-noisy'] !== undefined)
  await (await import('./photos-data.ts')).writeNoisy(values['photos-noisy'])
if (values.photos) await (await import('./photos.ts')).measurePhotos(only[0])
if (values.xray) await (await import('./xray.ts')).measureXray(only)
if (values.midpoints) await (await import('./midpoints.ts')).measureMidpoints()
if (values.studio) await (await import('./studio.ts')).drawStudio(only)
if (values.profile) await (await import('./profile.ts')).drawProfiles(only)
faults.push(...renew(), ...strays().map((path) => `${path}: there is no such method`))
// A process of its own, since the command line is no package to import.
const tables = spawnSync(process.execPath, [join(root, 'packages/cli/scripts/training-docs.ts')], {
  encoding: 'utf8',
})
if (tables.status !== 0) faults.push(`docs/training.md: ${tables.stderr}`)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
