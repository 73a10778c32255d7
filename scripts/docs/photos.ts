// What the prior of photographs does on photographs that it was not trained on: denoising beside scikit-image's denoisers on
// the same noisy files, and restorations beside bicubic enlargement and a Wiener filter. Written to docs/photos.md.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { encodePicture } from '@tweedie/cli'
import type { Panel, PanelRow, Picture } from '@tweedie/runs'
import { drawSheet, measure, measurementKey, runTask, toPictures, toTensor } from '@tweedie/runs'
import { loadPrior, priorText, priorTextAt } from '@tweedie/runs/node'
import type { EnsembleSize, LinearOperator, Settings } from '@tweedie/solvers'
import { formatSpec, isLinear, methods, noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { table } from './frame.ts'
import { root, write } from './measured.ts'
import { bicubic, wiener } from './photos-classics.ts'
import type { PeerRow, Photograph } from './photos-data.ts'
import { cut, noiseLevels, noisy, photographs, readPeers, readPhotograph, sha256 } from './photos-data.ts'
import { digestOf, forget, kept } from './photos-kept.ts'
import { psnr } from './scores.ts'

/** A picture with sides that are multiples of 8, by what a mirror at its end shows. */
function padded(picture: Picture): Picture {
  const { channels, width, height, data } = picture
  const [w, h] = [Math.ceil(width / 8) * 8, Math.ceil(height / 8) * 8]
  const mirrored = (i: number, n: number) => (i < n ? i : 2 * n - 2 - i)
  const out = new Float32Array(channels * h * w)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        out[(c * h + y) * w + x] = data[(c * height + mirrored(y, height)) * width + mirrored(x, width)]!
  return { channels, width: w, height: h, data: out }
}

/** The prior of pictures like this one, the mean over several views of them where that is asked. */
const priorFor = (given: string, { channels, width, height }: Picture, ensemble: EnsembleSize = 1) =>
  loadPrior(priorText(priorTextAt(`${given}${channels === 1 ? ':grey' : ''}`, [height, width]), { ensemble }))

/** One evaluation of the prior, or of each of several views, at the level of the noise. */
async function denoised(
  given: string,
  picture: Picture,
  level: number,
  ensemble?: EnsembleSize,
): Promise<Picture> {
  return kept([digestOf(given), 'denoised', sha256(picture), level, ensemble ?? 1], async () => {
    const whole = padded(picture)
    const prior = await priorFor(given, whole, ensemble)
    const t = prior.schedule.timeOfNoiseLevel((2 * level) / 255)
    using x = scope(() => prior.denoise(toTensor([whole]).mul(prior.schedule.alpha(t)), t))
    const [found] = await toPictures(x)
    return cut(found!, [0, 0, picture.height, picture.width])
  })
}

interface Denoised {
  readonly name: Photograph
  readonly level: number
  readonly ours: number
  /** With eight views. */
  readonly eight: number
  readonly peers: PeerRow
}

/** Denoises all photographs. @throws {Error} where scikit-image was given other noise than there is here. */
async function denoiseAll(given: string): Promise<{ rows: Denoised[]; panels: Panel[] }> {
  const { photographs: known } = readPeers()
  const rows: Denoised[] = []
  const shown: PanelRow[] = []
  for (const name of photographs) {
    const truth = await readPhotograph(name)
    const cells: Picture[] = []
    const window = [100, 130, 160, 160] as const
    for (const level of noiseLevels) {
      const y = noisy(name, truth, level)
      const peers = known[name]?.[String(level)]
      if (peers?.sha256 !== sha256(y))
        throw new Error(`docs/photos/peers.json is of other noise for ${name} at ${level}: write it again`)
      const x = await denoised(given, y, level)
      const eight = psnr(await denoised(given, y, level, 8), truth)
      const row = { name, level, ours: psnr(x, truth), eight, peers }
      rows.push(row)
      console.log(
        `${name} at ${level}: ${row.ours.toFixed(2)} dB, ${eight.toFixed(2)} with eight views, non-local means ${peers.nlm.psnr} dB`,
      )
      if (level === 25) cells.push(cut(truth, window), limited(cut(y, window)), cut(x, window))
    }
    shown.push({ label: name, cells })
  }
  return {
    rows,
    panels: [{ title: 'noise of 25 of 255', columns: ['truth', 'noisy', 'photos'], rows: shown }],
  }
}

const limited = (picture: Picture): Picture => ({
  ...picture,
  data: picture.data.map((v) => Math.min(1, Math.max(0, v))),
})

/** An inverse problem on parts of photographs. */
interface PhotoTask {
  readonly name: string
  readonly title: string
  readonly operator: string
  readonly noise: string
  readonly parts: readonly (readonly [name: string, window: Parameters<typeof cut>[1]])[]
  readonly methods: readonly (readonly [name: string, settings: Settings])[]
  /** What is there without a prior. */
  classic(operator: LinearOperator, y: Tensor, truth: Tensor): Promise<Picture>
  readonly classicName: string
}

const faces = [
  ['astronaut', [0, 96, 256, 256]],
  ['coffee', [60, 180, 256, 256]],
  ['camera', [60, 130, 256, 256]],
] as const

const tasks: readonly PhotoTask[] = [
  {
    ...{ name: 'sr4', title: '×4', operator: 'sr:4,filter=bicubic', noise: 'gaussian:0.02', parts: faces },
    methods: [
      ['diffpir', { steps: 50, lambda: 0.5, zeta: 0.25 }],
      ['ddrm', { steps: 20 }],
      ['dps', { steps: 200 }],
    ],
    classic: async (_, y) => bicubic((await toPictures(y))[0]!, 4),
    classicName: 'bicubic',
  },
  {
    ...{ name: 'blur', title: 'blur', operator: 'blur:size=15,std=2', noise: 'gaussian:0.02', parts: faces },
    methods: [
      ['diffpir', { steps: 50 }],
      ['ddrm', { steps: 20 }],
      ['dps', { steps: 200 }],
    ],
    classic: wiener,
    classicName: 'Wiener',
  },
  {
    ...{ name: 'box', title: 'box', operator: 'inpaint:box=32', noise: 'gaussian:0.01' },
    parts: [
      ['brick', [100, 100, 128, 128]],
      ['grass', [100, 100, 128, 128]],
      ['gravel', [100, 100, 128, 128]],
    ],
    methods: [
      ['diffpir', { steps: 50, lambda: 0.25, zeta: 1 }],
      ['ddrm', { steps: 50 }],
      ['dps', { steps: 200 }],
    ],
    classic: async (operator, y) => {
      using seen = operator.adjoint(y)
      return (await toPictures(seen))[0]!
    },
    classicName: 'measured',
  },
]

/** A task on all its parts: the table's rows and the picture. */
async function restore(given: string, task: PhotoTask): Promise<string> {
  const rows: string[][] = []
  const panel: PanelRow[] = []
  for (const [name, window] of task.parts) {
    const truth = cut(await readPhotograph(name), window)
    const prior = await priorFor(given, truth)
    using clean = toTensor([truth])
    const operator = operatorFromSpec(task.operator, prior.shape)
    if (!isLinear(operator)) throw new Error(`${task.operator} is not linear`)
    const noise = noiseFromSpec(task.noise)
    using y = measure(operator, noise, clean, measurementKey(0).fold(task.name))
    const classic = await task.classic(operator, y, clean)
    const cells = [truth, limited(classic)]
    const captions = ['', `${psnr(classic, truth).toFixed(1)} dB`]
    const row = [name, psnr(classic, truth).toFixed(2)]
    for (const [method, options] of task.methods) {
      const { name: of, operator: spec, noise: law } = task
      const picture = await kept(
        [digestOf(given), of, spec, law, sha256(truth), method, options],
        async () => {
          const { record, restored } = await runTask(
            {
              ...{ title: task.title, spec, problem: { operator, noise, y }, truth: clean },
              samples: [name],
              methods: [{ method: methods.find(method), options }],
            },
            prior,
          )
          const x = restored.get(method)
          if (x === undefined)
            throw new Error(`${method} on ${of}: ${record.runs[0]?.error ?? 'it did not finish'}`)
          const [found] = await toPictures(x)
          x.dispose()
          return found!
        },
      )
      const value = psnr(picture, truth).toFixed(2)
      console.log(`${method} on ${of} of ${name}: ${value} dB`)
      cells.push(picture)
      captions.push(`${value} dB`)
      row.push(value)
    }
    rows.push(row)
    panel.push({ label: name, cells, captions })
  }
  const names = task.methods.map(([name]) => name)
  const columns = ['truth', task.classicName, ...names]
  const sheet = drawSheet([{ title: `${task.operator}, noise ${task.noise}`, columns, rows: panel }])
  write(`docs/images/photos-${task.name}.png`, encodePicture(sheet))
  const runs = task.methods.map(([name, settings]) => `\`${formatSpec(name, settings)}\``).join(', ')
  return [
    `## ${task.title}`,
    `\`${task.operator}\`, noise \`${task.noise}\`; ${runs}. PSNR in dB:`,
    table(['part of', task.classicName, ...names], rows),
    `![Rows: photographs; columns: truth, ${task.classicName}, ${names.join(', ')}](images/photos-${task.name}.png)`,
  ].join('\n\n')
}

/** The table of denoising, and by how much the prior is ahead at the level that is asked for. */
function denoisingText(rows: readonly Denoised[], skimage: string): string {
  const cells = rows.map(({ name, level, ours, eight, peers }) => {
    const classic = Math.max(peers.tv.psnr, peers.wavelet.psnr)
    return [
      name,
      String(level),
      ...[peers.noisy, peers.tv.psnr, peers.wavelet.psnr, peers.nlm.psnr].map((v) => v.toFixed(2)),
      `**${ours.toFixed(2)}**`,
      eight.toFixed(2),
      ...[ours - classic, eight - classic, ours - peers.nlm.psnr].map((v) => v.toFixed(2)),
    ]
  })
  return [
    '## Denoising',
    `One evaluation of the prior, told the level of the noise, beside scikit-image ${skimage} on the same noisy files: total variation (\`denoise_tv_chambolle\`) with the weight that is best for the photograph, wavelets (\`denoise_wavelet\`, the better of BayesShrink and VisuShrink) and non-local means (\`denoise_nl_means\`, fast mode, the best h), both told σ. PSNR in dB, at noise of standard deviation σ of 255. \`photos+\` is \`photos:ensemble=8\`: the mean of the results for the photograph mirrored and transposed in all eight ways, eight evaluations. Ahead is by how much one evaluation, and those eight, are above the better of the first two; and one above the third.`,
    table(
      [
        '',
        'σ',
        'noisy',
        'TV',
        'wavelet',
        'NLM',
        'photos',
        'photos+',
        'ahead of TV, wavelet',
        'with +',
        'of NLM',
      ],
      cells,
    ),
    '![Rows: photographs; columns: truth, noise of 25, the prior](images/photos-denoise.png)',
    'The first two are grey: the prior sees three channels that are alike, their noise too, as it did in a part of its training (`photos:grey`). The three others are in colour, with noise of its own in each channel.',
  ].join('\n\n')
}

/** The mean over the twelve grey pictures of Set12 at a level, of DnCNN trained for it, to a tenth (arXiv 1608.03981). */
const dncnn = { level: 25, mean: 30.4 }

/** What can be said of the distance to DnCNN without its pictures. */
function dncnnText(rows: readonly Denoised[]): string {
  const grey = rows.filter(
    ({ name, level }) => level === dncnn.level && (name === 'camera' || name === 'coins'),
  )
  const mean = (of: (row: Denoised) => number) => grey.reduce((sum, row) => sum + of(row), 0) / grey.length
  const [one, eight] = [mean((row) => row.ours), mean((row) => row.eight)]
  const values = grey.map(({ ours }) => ours)
  const apart = Math.max(...values) - Math.min(...values)
  return `**Beside DnCNN.** At σ = ${dncnn.level}, DnCNN trained for that level has about ${dncnn.mean} dB in the mean over the twelve grey pictures of Set12 ([arXiv 1608.03981](https://arxiv.org/abs/1608.03981)). The two grey photographs of above have ${one.toFixed(1)} dB in the mean, ${eight.toFixed(1)} with eight views: ${(dncnn.mean - one).toFixed(1)} and ${(dncnn.mean - eight).toFixed(1)} dB less. That is a difference of numbers, not yet of networks, since the pictures are others: Set12 was not at hand, its cameraman of 256×256 is not the photograph that scikit-image calls \`camera\`, and from one of ours to the other there are ${apart.toFixed(1)} dB.`
}

/** What the record of the training says, in a sentence or two. */
function trainingText(given: string): string {
  const folders = [resolve(root, given), resolve(root, 'packages/unet/priors', given)]
  const record = folders.map((folder) => resolve(folder, 'record.json')).find(existsSync)
  if (record === undefined) return ''
  const { parameters, data, command, config, evaluation, initFrom } = JSON.parse(readFileSync(record, 'utf8'))
  const loss =
    evaluation === null
      ? ''
      : ` Mean EDM loss on crops of astronaut, chelsea and coffee: ${evaluation.mse.toFixed(4)}.`
  const before = initFrom === undefined ? '' : ', from earlier weights ([denoisers.md](denoisers.md))'
  return `${Number(parameters).toLocaleString('en')} parameters, trained for ${config.steps.toLocaleString('en')} steps of ${config.batch}${before} on ${data}, by \`${command}\`.${loss}`
}

/**
 * Measures a prior of photographs and writes docs/photos.md and its pictures, section by section; goes on where it was stopped.
 * @param given - Its name or folder; the shipped one where it is left out.
 */
export async function measurePhotos(given = 'photos'): Promise<void> {
  const { rows, panels } = await denoiseAll(given)
  write('docs/images/photos-denoise.png', encodePicture(drawSheet(panels)))
  const sections: string[] = []
  const save = () => {
    const missing = tasks.slice(sections.length).map(({ title }) => title)
    const parts = pageOf(given, rows, sections)
    if (missing.length > 0) parts.push(`Not measured yet: ${missing.join(', ')}. The same command goes on.`)
    write('docs/photos.md', `${parts.filter((part) => part !== '').join('\n\n')}\n`)
  }
  save()
  for (const task of tasks) {
    sections.push(await restore(given, task))
    save()
  }
  forget()
}

/** The parts of the page, with those restorations that are there. */
function pageOf(given: string, rows: readonly Denoised[], sections: readonly string[]): string[] {
  return [
    '# The prior of photographs',
    'Written by `npm run docs -- --photos`. `photos` is a residual U-Net without attention or norms (`drunet`), which takes pictures of any size divisible by 8 and is told the noise level by factors; its photographs are the 24 of Kodak, those here are of scikit-image and were never trained on.',
    trainingText(given),
    denoisingText(rows, readPeers().skimage),
    dncnnText(rows),
    ...sections,
  ]
}
