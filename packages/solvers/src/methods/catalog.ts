import type { Catalog } from '../options/index.ts'
import { catalog } from '../options/index.ts'
import { blindDmplug } from './csgm/blind-dmplug.ts'
import { blindShred } from './csgm/blind-shred.ts'
import { csgm } from './csgm/csgm.ts'
import { dFlow } from './csgm/d-flow.ts'
import { dmplug } from './csgm/dmplug.ts'
import { scoreIlo } from './csgm/score-ilo.ts'
import { shred } from './csgm/shred.ts'
import type { AnyMethod } from './define.ts'
import { afdps } from './exact/afdps.ts'
import { daps } from './exact/daps.ts'
import { ddsmc } from './exact/ddsmc.ts'
import { dpnp } from './exact/dpnp.ts'
import { driftlite } from './exact/driftlite.ts'
import { fkSteering } from './exact/fk-steering.ts'
import { fpsSmc } from './exact/fps-smc.ts'
import { gSmc } from './exact/g-smc.ts'
import { mapTu } from './exact/map-tu.ts'
import { mcgDiff } from './exact/mcg-diff.ts'
import { pmc } from './exact/pmc.ts'
import { pnpDm } from './exact/pnp-dm.ts'
import { rtoTu } from './exact/rto-tu.ts'
import { smcDiff } from './exact/smc-diff.ts'
import { tds } from './exact/tds.ts'
import { blindDps } from './explicit/blind-dps.ts'
import { ddnm } from './explicit/ddnm.ts'
import { ddnmPlus } from './explicit/ddnm-plus.ts'
import { ddpg } from './explicit/ddpg.ts'
import { ddrm } from './explicit/ddrm.ts'
import { ddrmJpeg } from './explicit/ddrm-jpeg.ts'
import { dds } from './explicit/dds.ts'
import { diffpir } from './explicit/diffpir.ts'
import { dmps } from './explicit/dmps.ts'
import { dpg } from './explicit/dpg.ts'
import { dps } from './explicit/dps.ts'
import { dpsGsg } from './explicit/dps-gsg.ts'
import { dsg } from './explicit/dsg.ts'
import { enkg } from './explicit/enkg.ts'
import { flowChef } from './explicit/flow-chef.ts'
import { flowDps } from './explicit/flow-dps.ts'
import { gibbsDdrm } from './explicit/gibbs-ddrm.ts'
import { ilvr } from './explicit/ilvr.ts'
import { kadkhodaieSimoncelli } from './explicit/kadkhodaie-simoncelli.ts'
import { lgdMc } from './explicit/lgd-mc.ts'
import { mcg } from './explicit/mcg.ts'
import { mmps } from './explicit/mmps.ts'
import { mpgd } from './explicit/mpgd.ts'
import { otOde } from './explicit/ot-ode.ts'
import { pigdm } from './explicit/pigdm.ts'
import { pnpFlow } from './explicit/pnp-flow.ts'
import { repaint } from './explicit/repaint.ts'
import { scg } from './explicit/scg.ts'
import { scoreAld } from './explicit/score-ald.ts'
import { scoreSde } from './explicit/score-sde.ts'
import { sitcom } from './explicit/sitcom.ts'
import { snips } from './explicit/snips.ts'
import { tmpd } from './explicit/tmpd.ts'
import { dreamSampler } from './latent/dream-sampler.ts'
import { latentDps } from './latent/latent-dps.ts'
import { latentRlsd } from './latent/latent-rlsd.ts'
import { mpgdAe } from './latent/mpgd-ae.ts'
import { p2l } from './latent/p2l.ts'
import { psld } from './latent/psld.ts'
import { resample } from './latent/resample.ts'
import { stsl } from './latent/stsl.ts'
import { treg } from './latent/treg.ts'
import { blindRedDiff } from './variational/blind-red-diff.ts'
import { dcps } from './variational/dcps.ts'
import { efficientScorePrior } from './variational/efficient-score-prior.ts'
import { mgdm } from './variational/mgdm.ts'
import { mgps } from './variational/mgps.ts'
import { redDiff } from './variational/red-diff.ts'
import { rlsd } from './variational/rlsd.ts'
import { scorePrior } from './variational/score-prior.ts'

/**
 * All methods, by name: a list.
 *
 * @example
 * ```ts
 * import { methods } from '@tweedie/solvers'
 * methods.names.slice(0, 2) // => ['dps', 'ddrm']
 * methods.parse('dps:steps=100,eta=0.5').settings // => { steps: 100, eta: 0.5 }
 * methods.find('ddrm').info.needs // => ['svd', 'sigma']
 * ```
 */
export const methods: Catalog<AnyMethod> = catalog<AnyMethod>('method', [
  // biome-ignore format: one a line
  dps,
  ddrm,
  ddrmJpeg,
  ddnm,
  ddnmPlus,
  diffpir,
  dds,
  snips,
  ddpg,
  blindDps,
  gibbsDdrm,
  pigdm,
  tmpd,
  mmps,
  lgdMc,
  dmps,
  dsg,
  mpgd,
  repaint,
  ilvr,
  mcg,
  scoreSde,
  scoreAld,
  kadkhodaieSimoncelli,
  otOde,
  pnpFlow,
  flowDps,
  flowChef,
  enkg,
  scg,
  dpg,
  dpsGsg,
  redDiff,
  rlsd,
  blindRedDiff,
  scorePrior,
  efficientScorePrior,
  mgps,
  mgdm,
  dcps,
  csgm,
  dmplug,
  blindDmplug,
  shred,
  blindShred,
  scoreIlo,
  dFlow,
  pnpDm,
  fpsSmc,
  pmc,
  smcDiff,
  mcgDiff,
  tds,
  ddsmc,
  afdps,
  gSmc,
  driftlite,
  fkSteering,
  daps,
  rtoTu,
  mapTu,
  dpnp,
  sitcom,
  latentDps,
  psld,
  resample,
  stsl,
  latentRlsd,
  mpgdAe,
  p2l,
  treg,
  dreamSampler,
])
