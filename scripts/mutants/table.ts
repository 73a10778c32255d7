import type { Edit } from './edit.ts'
import { autoencoderEdits } from './edits/autoencoder.ts'
import { autogradEdits } from './edits/autograd.ts'
import { calibrationAskEdits } from './edits/calibration-ask.ts'
import { calibrationLevyEdits } from './edits/calibration-levy.ts'
import { calibrationMeasureEdits } from './edits/calibration-measure.ts'
import { calibrationMetricEdits } from './edits/calibration-metrics.ts'
import { calibrationSuiteEdits } from './edits/calibration-suites.ts'
import { commandEdits } from './edits/cli.ts'
import { drawEdits } from './edits/draws.ts'
import { factEdits } from './edits/facts.ts'
import { gpuEdits } from './edits/gpu.ts'
import { gpuDeviceEdits } from './edits/gpu-device.ts'
import { gpuThriftEdits } from './edits/gpu-thrift.ts'
import { guidedPriorEdits } from './edits/guided-priors.ts'
import { kitEdits } from './edits/kit.ts'
import { leftoverEdits } from './edits/leftovers.ts'
import { ddpmVariantEdits } from './edits/net-ddpm.ts'
import { denoiserEdits } from './edits/net-denoisers.ts'
import { edmEdits } from './edits/net-edm.ts'
import { netLargeEdits } from './edits/net-large.ts'
import { networkPictureEdits } from './edits/net-pictures.ts'
import { readersEdits } from './edits/net-readers.ts'
import { netSchedEdits } from './edits/net-sched.ts'
import { netTrainEdits } from './edits/net-train.ts'
import { netsEdits } from './edits/nets.ts'
import { numbersEdits } from './edits/numbers.ts'
import { pictureEdits } from './edits/pictures.ts'
import { restEdits } from './edits/rest.ts'
import { runEdits } from './edits/runs.ts'
import { solversEdits } from './edits/solvers.ts'
import { studioEdits } from './edits/studio.ts'
import { studioAtlasEdits } from './edits/studio-atlas.ts'
import { studioCodeEdits } from './edits/studio-code.ts'
import { studioDigitsEdits } from './edits/studio-digits.ts'
import { studioGradientEdits } from './edits/studio-gradient.ts'
import { studioMannersEdits } from './edits/studio-manners.ts'
import { tensorEdits } from './edits/tensor.ts'
import { unetEdits } from './edits/unet.ts'
import { weightEdits } from './edits/weight.ts'

/** All edits, package by package. */
export const edits: readonly Edit[] = [
  ...tensorEdits,
  ...drawEdits,
  ...autogradEdits,
  ...unetEdits,
  ...edmEdits,
  ...netsEdits,
  ...guidedPriorEdits,
  ...solversEdits,
  ...runEdits,
  ...pictureEdits,
  ...commandEdits,
  ...factEdits,
  ...autoencoderEdits,
  ...restEdits,
  ...calibrationLevyEdits,
  ...calibrationMetricEdits,
  ...calibrationMeasureEdits,
  ...calibrationSuiteEdits,
  ...numbersEdits,
  ...calibrationAskEdits,
  ...kitEdits,
  ...gpuEdits,
  ...gpuDeviceEdits,
  ...gpuThriftEdits,
  ...denoiserEdits,
  ...ddpmVariantEdits,
  ...netTrainEdits,
  ...networkPictureEdits,
  ...netSchedEdits,
  ...readersEdits,
  ...netLargeEdits,
  ...leftoverEdits,
  ...studioEdits,
  ...studioDigitsEdits,
  ...studioCodeEdits,
  ...studioGradientEdits,
  ...studioAtlasEdits,
  ...weightEdits,
  ...studioMannersEdits,
]
