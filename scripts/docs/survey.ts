// The survey arXiv 2410.00083 row by row: which method of the catalog stands for each of its entries, with its file, its
// picture and its distance from the exact posterior. Written to docs/survey.md by `npm run docs`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyMethod, Catalog } from '@tweedie/solvers'
import { distanceCells, distanceHead, distanceProblems, table } from './frame.ts'
import type { Measured } from './measured.ts'
import { root } from './measured.ts'

/** An entry of the survey. */
interface Entry {
  /** As the survey names it. */
  readonly entry: string
  /** The methods of the catalog that stand for it. */
  readonly methods: readonly string[]
  /** How, where the name does not say it. */
  readonly how?: string
}

/** A section of the survey, or what this project has beside it. */
interface Section {
  readonly title: string
  readonly entries: readonly Entry[]
}

/** The survey's methods in its order; the last section is of those that it does not have. */
export const sections: readonly Section[] = [
  {
    title: '3.1 Explicit approximations of the measurement matching term',
    entries: [
      { entry: 'Kadkhodaie–Simoncelli', methods: ['kadkhodaie-simoncelli'] },
      { entry: 'Score-ALD', methods: ['score-ald'] },
      { entry: 'Score-SDE', methods: ['score-sde'] },
      { entry: 'RePaint', methods: ['repaint'] },
      { entry: 'ILVR', methods: ['ilvr'] },
      { entry: 'DPS', methods: ['dps'] },
      { entry: 'MCG', methods: ['mcg'] },
      { entry: 'DSG', methods: ['dsg'] },
      { entry: 'MPGD', methods: ['mpgd'], how: 'without an autoencoder; with one see 3.5' },
      { entry: 'ΠGDM', methods: ['pigdm'] },
      { entry: 'Moment matching', methods: ['tmpd', 'mmps'] },
      { entry: 'BlindDPS', methods: ['blind-dps'] },
      { entry: 'SNIPS', methods: ['snips'] },
      { entry: 'DDRM', methods: ['ddrm', 'ddrm-jpeg'] },
      { entry: 'GibbsDDRM', methods: ['gibbs-ddrm'] },
      { entry: 'DDNM', methods: ['ddnm', 'ddnm-plus'] },
      { entry: 'DDS', methods: ['dds'] },
      { entry: 'DiffPIR', methods: ['diffpir'] },
    ],
  },
  {
    title: '3.2 Variational inference',
    entries: [
      { entry: 'RED-Diff', methods: ['red-diff'] },
      { entry: 'Blind RED-Diff', methods: ['blind-red-diff'] },
      { entry: 'Score prior', methods: ['score-prior'] },
      { entry: 'Efficient score prior', methods: ['efficient-score-prior'] },
    ],
  },
  {
    title: '3.3 Asymptotically exact methods',
    entries: [
      { entry: 'PnP-DM', methods: ['pnp-dm'] },
      { entry: 'FPS', methods: ['fps-smc'] },
      { entry: 'PMC', methods: ['pmc'] },
      { entry: 'SMCDiff', methods: ['smc-diff'] },
      { entry: 'MCGDiff', methods: ['mcg-diff'] },
      { entry: 'TDS', methods: ['tds'] },
    ],
  },
  {
    title: '3.4 CSGM-type methods',
    entries: [
      {
        entry: 'CSGM, and with consistency models',
        methods: ['csgm'],
        how: 'through a deterministic sampler; `samplerSteps: 1` is a one-step generator',
      },
      { entry: 'DMPlug', methods: ['dmplug', 'blind-dmplug'] },
      { entry: 'SHRED', methods: ['shred', 'blind-shred'] },
      { entry: 'Score-ILO', methods: ['score-ilo'] },
    ],
  },
  {
    title: '3.5 and 3.6 Latent diffusion and others',
    entries: [
      { entry: 'Latent DPS', methods: ['latent-dps'] },
      { entry: 'PSLD', methods: ['psld'] },
      { entry: 'ReSample', methods: ['resample'] },
      { entry: 'MPGD with an autoencoder', methods: ['mpgd-ae'] },
      { entry: 'P2L', methods: ['p2l'], how: 'told classes, not texts' },
      { entry: 'TReg', methods: ['treg'], how: 'told classes, not texts' },
      { entry: 'DreamSampler', methods: ['dream-sampler'], how: 'told classes, not texts' },
      { entry: 'STSL', methods: ['stsl'] },
    ],
  },
  {
    title: 'Beside the survey',
    entries: [
      { entry: 'LGD-MC', methods: ['lgd-mc'] },
      { entry: 'RLSD', methods: ['rlsd'], how: 'without its second variable' },
      { entry: 'RLSD', methods: ['latent-rlsd'], how: 'a picture tied to a latent' },
      { entry: 'DMPS', methods: ['dmps'] },
      { entry: 'DDPG', methods: ['ddpg'] },
      { entry: 'DAPS', methods: ['daps'] },
      { entry: 'Methods on flows', methods: ['ot-ode', 'pnp-flow', 'flow-dps', 'flow-chef', 'd-flow'] },
      { entry: 'RTO-TU and MAP-TU', methods: ['rto-tu', 'map-tu'] },
      { entry: 'DPnP', methods: ['dpnp'] },
      { entry: 'SITCOM', methods: ['sitcom'] },
      { entry: 'DCPS', methods: ['dcps'] },
      { entry: 'DDSMC', methods: ['ddsmc'] },
      { entry: 'MGPS', methods: ['mgps'] },
      { entry: 'MGDM', methods: ['mgdm'] },
      { entry: 'AFDPS', methods: ['afdps'] },
      { entry: 'Guidance-SMC, the Feynman–Kac corrector', methods: ['g-smc'] },
      { entry: 'DriftLite', methods: ['driftlite'] },
      { entry: 'Feynman–Kac steering', methods: ['fk-steering'] },
      { entry: 'Operators that can only be run', methods: ['enkg', 'scg', 'dpg', 'dps-gsg'] },
    ],
  },
]

const picture = (name: string): string =>
  existsSync(join(root, `docs/images/methods/${name}.png`))
    ? `<img src="images/methods/${name}.png" alt="${name} on a held-out digit" width="320">`
    : '–'

/** The file of a method, as a link from docs. */
function fileOf(name: string, family: string): string {
  const path = `packages/solvers/src/methods/${family}/${name}.ts`
  return existsSync(join(root, path)) ? `[${family}/${name}.ts](../${path})` : '–'
}

/** docs/survey.md. */
export function surveyPage(methods: Pick<Catalog<AnyMethod>, 'find'>, measured: Measured): string {
  const problems = distanceProblems(measured)
  const tables = sections.map(({ title, entries }) => {
    const rows = entries.flatMap(({ entry, methods: names, how }) =>
      names.map((name) => [
        how === undefined ? entry : `${entry} (${how})`,
        `[\`${name}\`](methods/${name}.md)`,
        fileOf(name, methods.find(name).info.family),
        picture(name),
        ...distanceCells(measured.distances[name] ?? {}, problems),
      ]),
    )
    return `## ${title}\n\n${table(
      [
        'entry',
        'method',
        'file',
        'its run on a digit: truth, measurement, guesses, restoration',
        ...distanceHead(problems),
      ],
      rows,
      (i) => i > 3,
    )}`
  })
  const exact = distanceCells(measured.distances['exact'] ?? {}, problems)
  return `# The survey, row by row

Written by \`npm run docs\`. The sections are those of *A Survey on Diffusion Models for Inverse Problems*
([arXiv 2410.00083](https://arxiv.org/abs/2410.00083)). Every entry runs: \`tweedie restore IMG.png --method NAME …\`.

Distances from the exact posterior are those of [exact.md](exact.md), which says what the columns mean and with which options
they were measured; as many exact draws come to ${exact.join(', ')}. What a method restores of which measurement is in
[grid.md](grid.md).

${tables.join('\n\n')}
`
}
