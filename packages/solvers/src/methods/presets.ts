import { OptionError } from '@tweedie/tensor'
import { blindDmplugPresets } from './csgm/blind-dmplug-presets.ts'
import { blindShredPresets } from './csgm/blind-shred-presets.ts'
import { dFlowPresets } from './csgm/d-flow-presets.ts'
import { dmplugPresets } from './csgm/dmplug-presets.ts'
import { shredPresets } from './csgm/shred-presets.ts'
import { afdpsPresets } from './exact/afdps-presets.ts'
import { dapsPresets } from './exact/daps-presets.ts'
import { ddsmcPresets } from './exact/ddsmc-presets.ts'
import { dpnpPresets } from './exact/dpnp-presets.ts'
import { fkSteeringPresets } from './exact/fk-steering-presets.ts'
import { fpsSmcPresets } from './exact/fps-smc-presets.ts'
import { mcgDiffPresets } from './exact/mcg-diff-presets.ts'
import { pmcPresets } from './exact/pmc-presets.ts'
import { pnpDmPresets } from './exact/pnp-dm-presets.ts'
import { mapTuPresets, rtoTuPresets } from './exact/rto-tu-presets.ts'
import { tdsPresets } from './exact/tds-presets.ts'
import { blindDpsPresets } from './explicit/blind-dps-presets.ts'
import { ddnmPlusPresets } from './explicit/ddnm-plus-presets.ts'
import { ddnmPresets } from './explicit/ddnm-presets.ts'
import { ddpgPresets } from './explicit/ddpg-presets.ts'
import { ddrmJpegPresets } from './explicit/ddrm-jpeg-presets.ts'
import { ddrmPresets } from './explicit/ddrm-presets.ts'
import { ddsPresets } from './explicit/dds-presets.ts'
import { diffpirPresets } from './explicit/diffpir-presets.ts'
import { dmpsPresets } from './explicit/dmps-presets.ts'
import { dpgPresets } from './explicit/dpg-presets.ts'
import { dpsGsgPresets } from './explicit/dps-gsg-presets.ts'
import { dpsPresets } from './explicit/dps-presets.ts'
import { dsgPresets } from './explicit/dsg-presets.ts'
import { enkgPresets } from './explicit/enkg-presets.ts'
import { flowChefPresets } from './explicit/flow-chef-presets.ts'
import { flowDpsPresets } from './explicit/flow-dps-presets.ts'
import { gibbsPresets } from './explicit/gibbs-ddrm-presets.ts'
import { ilvrPresets } from './explicit/ilvr-presets.ts'
import { mpgdPresets } from './explicit/mpgd-presets.ts'
import { otOdePresets } from './explicit/ot-ode-presets.ts'
import { pigdmPresets } from './explicit/pigdm-presets.ts'
import { pnpFlowPresets } from './explicit/pnp-flow-presets.ts'
import { repaintPresets } from './explicit/repaint-presets.ts'
import { scgPresets } from './explicit/scg-presets.ts'
import { scoreAldPresets } from './explicit/score-ald-presets.ts'
import { scoreSdePresets } from './explicit/score-sde-presets.ts'
import { sitcomPresets } from './explicit/sitcom-presets.ts'
import { snipsPresets } from './explicit/snips-presets.ts'
import { dreamSamplerPresets } from './latent/dream-sampler-presets.ts'
import { latentRlsdPresets } from './latent/latent-rlsd-presets.ts'
import { psldPresets } from './latent/psld-presets.ts'
import type { Preset } from './preset.ts'
import { dcpsPresets } from './variational/dcps-presets.ts'
import { efficientScorePriorPresets } from './variational/efficient-score-prior-presets.ts'
import { mgdmPresets } from './variational/mgdm-presets.ts'
import { mgpsPresets } from './variational/mgps-presets.ts'
import { redDiffPresets } from './variational/red-diff-presets.ts'
import { scorePriorPresets } from './variational/score-prior-presets.ts'

/** Those of this package, by the name of the method: out of the methods, so that a page that takes one has not their texts. */
export const builtInPresets: ReadonlyMap<string, readonly Preset[]> = new Map([
  // biome-ignore format: one a line
  ['dps', dpsPresets],
  ['ddrm', ddrmPresets],
  ['ddrm-jpeg', ddrmJpegPresets],
  ['ddnm', ddnmPresets],
  ['ddnm-plus', ddnmPlusPresets],
  ['diffpir', diffpirPresets],
  ['dds', ddsPresets],
  ['snips', snipsPresets],
  ['ddpg', ddpgPresets],
  ['red-diff', redDiffPresets],
  ['blind-dps', blindDpsPresets],
  ['gibbs-ddrm', gibbsPresets],
  ['pigdm', pigdmPresets],
  ['dmps', dmpsPresets],
  ['dsg', dsgPresets],
  ['mpgd', mpgdPresets],
  ['repaint', repaintPresets],
  ['ilvr', ilvrPresets],
  ['score-sde', scoreSdePresets],
  ['score-ald', scoreAldPresets],
  ['fps-smc', fpsSmcPresets],
  ['mcg-diff', mcgDiffPresets],
  ['tds', tdsPresets],
  ['pnp-dm', pnpDmPresets],
  ['pmc', pmcPresets],
  ['daps', dapsPresets],
  ['rto-tu', rtoTuPresets],
  ['map-tu', mapTuPresets],
  ['dpnp', dpnpPresets],
  ['sitcom', sitcomPresets],
  ['dmplug', dmplugPresets],
  ['blind-dmplug', blindDmplugPresets],
  ['shred', shredPresets],
  ['blind-shred', blindShredPresets],
  ['score-prior', scorePriorPresets],
  ['efficient-score-prior', efficientScorePriorPresets],
  ['mgps', mgpsPresets],
  ['mgdm', mgdmPresets],
  ['dcps', dcpsPresets],
  ['psld', psldPresets],
  ['latent-rlsd', latentRlsdPresets],
  ['dream-sampler', dreamSamplerPresets],
  ['ot-ode', otOdePresets],
  ['pnp-flow', pnpFlowPresets],
  ['enkg', enkgPresets],
  ['flow-chef', flowChefPresets],
  ['d-flow', dFlowPresets],
  ['afdps', afdpsPresets],
  ['ddsmc', ddsmcPresets],
  ['fk-steering', fkSteeringPresets],
  ['flow-dps', flowDpsPresets],
  ['scg', scgPresets],
  ['dpg', dpgPresets],
  ['dps-gsg', dpsGsgPresets],
])

/** What {@link presetsOf} reads of a method. */
export interface Presetting {
  readonly info: { readonly name: string; readonly presets: readonly Preset[] }
}

/**
 * The presets of a method: those that it was defined with, or, where there are none, those that this package has for the
 * method of that name.
 *
 * @example
 * ```ts
 * import { presetsOf, redDiff } from '@tweedie/solvers'
 * presetsOf(redDiff).map(({ name }) => name) // => ['imagenet-fast', 'imagenet', 'inversebench']
 * ```
 */
export const presetsOf = ({ info: { name, presets } }: Presetting): readonly Preset[] =>
  presets.length > 0 ? presets : (builtInPresets.get(name) ?? [])

/**
 * A preset of a method by its name; its `settings` go where the method's options go.
 *
 * @throws {OptionError} where the method has none of that name, listing those it has. Its `option` is `preset`.
 * @example
 * ```ts
 * import { dps, presetOf } from '@tweedie/solvers'
 * presetOf(dps, 'ffhq-sr4').settings.scale // => 0.3
 * ```
 */
export function presetOf(method: Presetting, wanted: string): Preset {
  const presets = presetsOf(method)
  const found = presets.find((preset) => preset.name === wanted)
  if (found !== undefined) return found
  const known = presets.map((preset) => preset.name).join(', ')
  throw new OptionError('preset', `${method.info.name} has no preset '${wanted}'; it has ${known || 'none'}`)
}
