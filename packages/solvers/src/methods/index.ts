// A reader opens `explicit/dps.ts` first: a method whole, facts, options and formula. Then `define.ts`, which says what
// every method gets without writing it, and `guidance/`, where the approximations of the likelihood live.
export { methods } from './catalog.ts'
export type { ScoreIloOptions, ScoreIloStep } from './csgm/score-ilo.ts'
export { scoreIlo } from './csgm/score-ilo.ts'
export type {
  AnyMethod,
  GuidedShown,
  Method,
  MethodInfo,
  MethodSpec,
  OptionsOf,
  Run,
  StepOf,
} from './define.ts'
export { defineMethod, guidedPlan, stepping, travelling } from './define.ts'
export type { BlindDpsOptions, BlindDpsStep } from './explicit/blind-dps.ts'
export { blindDps } from './explicit/blind-dps.ts'
export type { DdnmOptions, DdnmStep } from './explicit/ddnm.ts'
export { ddnm } from './explicit/ddnm.ts'
export type { DdnmPlusOptions, DdnmPlusStep } from './explicit/ddnm-plus.ts'
export { ddnmPlus } from './explicit/ddnm-plus.ts'
export type { DdnmPlusWeights } from './explicit/ddnm-plus-weights.ts'
export { ddnmPlusWeights, simplifiedWeights } from './explicit/ddnm-plus-weights.ts'
export type { DdpgOptions, DdpgStep } from './explicit/ddpg.ts'
export { ddpg } from './explicit/ddpg.ts'
export type { DdrmOptions, DdrmStep } from './explicit/ddrm.ts'
export { ddrm } from './explicit/ddrm.ts'
export type { DdrmJpegOptions, DdrmJpegStep } from './explicit/ddrm-jpeg.ts'
export { ddrmJpeg } from './explicit/ddrm-jpeg.ts'
export type { DdsOptions, DdsStep } from './explicit/dds.ts'
export { dds } from './explicit/dds.ts'
export type { DiffpirOptions, DiffpirStep } from './explicit/diffpir.ts'
export { diffpir } from './explicit/diffpir.ts'
export type { DmpsOptions, DmpsStep } from './explicit/dmps.ts'
export { dmps } from './explicit/dmps.ts'
export type { DpsOptions, DpsStep } from './explicit/dps.ts'
export { dps, dpsDefaultScale } from './explicit/dps.ts'
export type { DsgOptions, DsgStep } from './explicit/dsg.ts'
export { dsg } from './explicit/dsg.ts'
export type { GibbsDdrmOptions, GibbsDdrmStep } from './explicit/gibbs-ddrm.ts'
export { gibbsDdrm } from './explicit/gibbs-ddrm.ts'
export type { IlvrOptions, IlvrStep } from './explicit/ilvr.ts'
export { ilvr, ilvrDefaultRange } from './explicit/ilvr.ts'
export type {
  KadkhodaieSimoncelliOptions,
  KadkhodaieSimoncelliStep,
} from './explicit/kadkhodaie-simoncelli.ts'
export { kadkhodaieSimoncelli } from './explicit/kadkhodaie-simoncelli.ts'
export type { LgdMcOptions, LgdMcStep } from './explicit/lgd-mc.ts'
export { lgdMc } from './explicit/lgd-mc.ts'
export type { McgOptions, McgStep } from './explicit/mcg.ts'
export { mcg } from './explicit/mcg.ts'
export type { MmpsOptions, MmpsStep } from './explicit/mmps.ts'
export { mmps } from './explicit/mmps.ts'
export type { MpgdOptions, MpgdStep } from './explicit/mpgd.ts'
export { mpgd } from './explicit/mpgd.ts'
export type { PigdmOptions, PigdmStep } from './explicit/pigdm.ts'
export { pigdm } from './explicit/pigdm.ts'
export type { RepaintOptions, RepaintStep } from './explicit/repaint.ts'
export { repaint } from './explicit/repaint.ts'
export type { ScoreAldOptions, ScoreAldStep } from './explicit/score-ald.ts'
export { scoreAld } from './explicit/score-ald.ts'
export type { ScoreSdeOptions, ScoreSdeStep } from './explicit/score-sde.ts'
export { scoreSde } from './explicit/score-sde.ts'
export type { SnipsOptions, SnipsStep } from './explicit/snips.ts'
export { snips } from './explicit/snips.ts'
export type { SnipsWeights } from './explicit/snips-weights.ts'
export { snipsWeights } from './explicit/snips-weights.ts'
export type { TmpdOptions, TmpdStep } from './explicit/tmpd.ts'
export { tmpd } from './explicit/tmpd.ts'
export type { CommonNeed, Needing, NeedRule, WordOf } from './fit.ts'
export { checkFit, lackOf, rulesOf, UnfitError } from './fit.ts'
export type { DreamSamplerOptions, DreamSamplerStep } from './latent/dream-sampler.ts'
export { dreamSampler } from './latent/dream-sampler.ts'
export type { LatentDpsOptions, LatentDpsStep } from './latent/latent-dps.ts'
export { latentDps } from './latent/latent-dps.ts'
export type { MpgdAeOptions, MpgdAeStep } from './latent/mpgd-ae.ts'
export { mpgdAe } from './latent/mpgd-ae.ts'
export type { P2lOptions, P2lStep } from './latent/p2l.ts'
export { p2l } from './latent/p2l.ts'
export type { PsldOptions, PsldStep } from './latent/psld.ts'
export { psld } from './latent/psld.ts'
export type { ResampleOptions, ResampleStep } from './latent/resample.ts'
export { resample } from './latent/resample.ts'
export type { StslOptions, StslStep } from './latent/stsl.ts'
export { stsl } from './latent/stsl.ts'
export type { TregOptions, TregStep } from './latent/treg.ts'
export { treg } from './latent/treg.ts'
export type { LatentRun, LatentSpec } from './latent-method.ts'
export { latentMethod } from './latent-method.ts'
export { needWords, takesNonlinear, takesUnknown } from './need-words.ts'
export type { Cost, Preset } from './preset.ts'
export { costClass, costOf, costWords } from './preset.ts'
export type { Presetting } from './presets.ts'
export { presetOf, presetsOf } from './presets.ts'
export {
  needsAutoencoder,
  needsBlind,
  needsBlindSvd,
  needsConditional,
  needsInverse,
  needsLatent,
  needsOrthonormal,
  needsStages,
} from './rare-needs.ts'
export type { RedDiffOptions, RedDiffStep } from './variational/red-diff.ts'
export { redDiff } from './variational/red-diff.ts'
export type { RedDiffWeights } from './variational/red-diff-gradient.ts'
export { redDiffGradient, redDiffWeightings } from './variational/red-diff-gradient.ts'
