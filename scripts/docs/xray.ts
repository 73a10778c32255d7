// What the prior `xray` does on X-rays that it was not trained on: its error beside that of a Gaussian, its samples, and restorations
// beside those without a prior, by the Gaussian, and by the prior of digits. Written to docs/xray.md.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { encodePicture } from '@tweedie/cli'
import type { Picture } from '@tweedie/runs'
import { drawGrid, drawSheet, measure, measurementKey, runTask, toPictures } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import type { LinearOperator, Prior } from '@tweedie/solvers'
import { formatSpec, methods, noiseFromSpec, run, sampleUnconditional } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { table } from './frame.ts'
import { root, write } from './measured.ts'
import { wiener } from './photos-classics.ts'
import { mean, psnr } from './scores.ts'
import type { Gaussian } from './xray-classics.ts'
import { gaussianOf } from './xray-classics.ts'
import type { Xrays } from './xray-data.ts'
import { nearest, readXrays, spread } from './xray-data.ts'
import { errorTable, trainingText } from './xray-record.ts'
import type { XrayTask } from './xray-tasks.ts'
import { linearOf, tasks } from './xray-tasks.ts'

/** Pictures that are restored, and those of them that are shown. */
const count = 8
const shown = [0, 2, 5, 7]
/** Samples that are drawn. */
const drawn = 64

/** Pictures of one way to restore, under the name of a column. */
interface Column {
  readonly name: string
  readonly pictures: readonly Picture[]
}

/** Columns that stand together: without a prior, or with one. */
interface Group {
  readonly title: string
  readonly columns: readonly Column[]
}

/** The smoothest restorations that fit, each with the weight that is best for it. */
async function smoothest(operator: LinearOperator, y: Tensor, truth: Tensor): Promise<Picture[]> {
  const found: Picture[] = []
  for (let n = 0; n < count; n++) {
    using one = y.slice([n, n + 1])
    using of = truth.slice([n, n + 1])
    found.push(await wiener(operator, one, of))
  }
  return found
}

/** Every method of a task by one prior. */
async function byPrior(
  prior: Prior,
  task: XrayTask,
  problem: { operator: LinearOperator; y: Tensor; truth: Tensor },
): Promise<Group> {
  const columns: Column[] = []
  const { operator, y, truth } = problem
  for (const [name, options] of task.methods) {
    const { record, restored } = await runTask(
      {
        ...{ title: task.title, spec: task.operator, truth },
        problem: { operator, y, noise: noiseFromSpec(task.noise) },
        samples: Array.from({ length: count }, (_, n) => String(n)),
        methods: [{ method: methods.find(name), options }],
      },
      prior,
    )
    const x = restored.get(name)
    if (x === undefined)
      throw new Error(`${name} on ${task.name}: ${record.runs[0]?.error ?? 'it did not finish'}`)
    columns.push({ name, pictures: await toPictures(x) })
    x.dispose()
  }
  return { title: `prior ${prior.name}`, columns }
}

/** What the page says of a task. */
async function section(
  task: XrayTask,
  truth: Tensor,
  gaussian: Gaussian,
  priors: readonly Prior[],
): Promise<string> {
  const operator = linearOf(task)
  const noise = noiseFromSpec(task.noise)
  using y = measure(operator, noise, truth, measurementKey(0).fold(task.name))
  const direct: Column[] = []
  for (const [name, restore] of task.direct) {
    using x = restore(operator, y)
    direct.push({ name, pictures: await toPictures(x) })
  }
  const smooth = await smoothest(operator, y, truth)
  using best = gaussian.restores(noise.sigma ?? 0)(operator, y)
  const groups: Group[] = [
    { title: 'no prior', columns: [...direct, { name: 'smooth', pictures: smooth }] },
    { title: 'Gaussian', columns: [{ name: 'linear', pictures: await toPictures(best) }] },
  ]
  for (const prior of priors) groups.push(await byPrior(prior, task, { operator, y, truth }))
  const truths = await toPictures(truth)
  const scores = (pictures: readonly Picture[]) => pictures.map((x, n) => psnr(x, truths[n]!))
  const own = groups.find(({ title }) => title === `prior ${priors[0]?.name}`)
  const highest = Math.max(...(own?.columns.map(({ pictures }) => mean(scores(pictures))) ?? []))
  const rows = groups.flatMap(({ title, columns }) =>
    columns.map(({ name, pictures }) => {
      const values = scores(pictures)
      const value = mean(values)
      console.log(`${task.name}, ${title}, ${name}: ${value.toFixed(2)} dB`)
      const told = value === highest ? `**${value.toFixed(2)}**` : value.toFixed(2)
      return [title, name, told, Math.min(...values).toFixed(2), Math.max(...values).toFixed(2)]
    }),
  )
  const panel = ({ title, columns }: Group) => ({
    title,
    columns: columns.map(({ name }) => name),
    rows: shown.map((n) => ({
      label: '',
      cells: columns.map(({ pictures }) => pictures[n]),
      captions: columns.map(({ pictures }) => `${psnr(pictures[n]!, truths[n]!).toFixed(1)} dB`),
    })),
  })
  write(`docs/images/xray-${task.name}.png`, encodePicture(drawSheet(groups.map(panel))))
  const all = [{ title: 'X-ray', columns: [{ name: 'truth', pictures: truths }] }, ...groups]
  write(`out/xray-page/${task.name}.png`, encodePicture(drawSheet(all.map(panel))))
  const runs = task.methods.map(([name, settings]) => `\`${formatSpec(name, settings)}\``).join(', ')
  return [
    `## ${task.title}`,
    `\`${task.operator}\`, noise \`${task.noise}\`; ${runs}. PSNR of ${count} X-rays in dB:`,
    table(['', '', 'mean', 'least', 'most'], rows, (i) => i > 1),
    `![Rows: X-rays; columns: ${groups.map(({ title, columns }) => `${title} (${columns.map(({ name }) => name).join(', ')})`).join(', ')}](images/xray-${task.name}.png)`,
  ].join('\n\n')
}

/** Draws samples, and says how near they are to what the prior was trained on. */
async function samplesText(prior: Prior, training: Xrays, test: Xrays): Promise<string> {
  using x = await run(sampleUnconditional(prior, { count: drawn, steps: 100 }))
  write('docs/images/xray-samples.png', encodePicture(drawGrid(await toPictures(x))))
  using real = spread(test, drawn)
  write('out/xray-page/real.png', encodePicture(drawGrid(await toPictures(real))))
  const values = Float32Array.from(x.clamp(-1, 1).dataSync(), Number)
  const told = (distances: readonly number[]) =>
    [distances[0]!, distances[distances.length >> 1]!].map((v) => v.toFixed(3))
  const [least, median] = told(nearest({ count: drawn, values }, training))
  const [testLeast, testMedian] = told(nearest(test, training))
  return [
    `![${drawn} samples](images/xray-samples.png)`,
    `${drawn} samples by 100 ancestral steps, none picked: \`npx tweedie sample --prior xray --n ${drawn} --steps 100 --out grid.png\`. They are no copies: the root mean squared distance of a sample to the nearest picture of the training, for values in [0, 1], is ${median} in the median and ${least} at least; that of a test picture, which the prior has not seen either, ${testMedian} and ${testLeast}.`,
  ].join('\n\n')
}

const restorationText = [
  '## Restorations',
  `${count} test pictures, at equal distances in their file. Without a prior: what the measurement gives at once (the pseudo-inverse of masked Fourier; filtered back-projection, by the ramp filter and under a Hann window, times the factor by which it meets the measurement best), and \`smooth\`, least squares with λ‖Δx‖², λ the best for each picture, which nobody knows who has no truth. \`linear\` is the posterior mean under the Gaussian of above. Then methods with the prior of X-rays and, with the same settings, with that of digits. The settings are the best of a few on four pictures of the validation set. PSNR is for means: \`linear\` is one, while the methods draw a picture that could be true, which costs up to 3 dB against the mean of the same law: none of them reaches \`linear\` here.`,
  'The pictures have no column of the truth, since the X-rays themselves are no part of this project; the command writes such sheets to `out/xray-page`, with 64 of the X-rays.',
].join('\n\n')

const licenceText = [
  '## The data',
  'PneumoniaMNIST of MedMNIST v2 (Yang and others, Scientific Data 10, 41, 2023; medmnist.com), CC BY 4.0, made of the chest X-rays of children by Kermany and others (Cell 172, 1122, 2018; CC BY 4.0), reduced by MedMNIST to 28×28 grey pixels. The copy that the prior was trained on has 3,882 of the 4,708 pictures to train on. The weights belong to this project. MedMNIST says of its data that they are not intended for clinical use.',
].join('\n\n')

/** The sections that are measured, by their names; each is kept in out/xray-page until the page is made of all. */
async function measured(name: string): Promise<string> {
  const path = join(root, `out/xray-page/${name}.md`)
  if (existsSync(path)) return readFileSync(path, 'utf8')
  const { training, test } = await readXrays()
  const task = tasks.find((other) => other.name === name)
  const make = async () => {
    if (name === 'samples') return samplesText(await loadPrior('xray'), training, test)
    if (task === undefined) return errorTable(test, gaussianOf(training).prior())
    using truth = spread(test, count)
    return await section(task, truth, gaussianOf(training), [
      await loadPrior('xray'),
      await loadPrior('digits'),
    ])
  }
  const text = await make()
  write(path, text)
  return text
}

const sections = ['samples', 'errors', ...tasks.map(({ name }) => name)]

/**
 * Measures the prior of X-rays and writes docs/xray.md and its pictures, where it was stopped going on.
 * @param only - Sections that are measured and kept, without writing the page; all, and the page, where there is none.
 */
export async function measureXray(only: readonly string[] = []): Promise<void> {
  const unknown = only.find((name) => !sections.includes(name))
  if (unknown !== undefined) throw new RangeError(`no section '${unknown}': there are ${sections.join(', ')}`)
  const texts: string[] = []
  for (const name of only.length > 0 ? only : sections) texts.push(await measured(name))
  if (only.length > 0) return
  const [samples = '', errors = '', ...restorations] = texts
  const parts = [
    '# The prior `xray`',
    'Written by `npm run docs -- --xray`. A network that predicts the noise in noisy chest X-rays of 28×28 pixels, trained by this project: its own U-Net, gradients and kernels, on a processor. It is for what X-rays are measured by: some frequencies, line integrals from some sides. It is an example, not for clinical use.',
    samples,
    trainingText(),
    errors,
    restorationText,
    ...restorations,
    licenceText,
  ]
  write('docs/xray.md', `${parts.join('\n\n')}\n`)
  for (const name of sections) rmSync(join(root, `out/xray-page/${name}.md`))
}
