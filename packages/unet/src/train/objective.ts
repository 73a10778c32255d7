import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, logSumExp, mean, normal, scope, sizeOf, square, sub, sum } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Params } from '../params.ts'
import type { NoisyBatch } from './batch.ts'
import type { TrainConfig } from './config.ts'

/** A drawn batch as tensors of one device. */
interface Batch {
  readonly x: Tensor
  readonly target: Tensor
  readonly t: Tensor
  /** Weights of squared errors, [N, 1, 1, 1]; undefined where all are 1. */
  readonly weights: Tensor | undefined
  readonly labels: Tensor | undefined
}

/** The tensors of a drawn batch of images [C, H, W]. */
export function batchTensors(drawn: NoisyBatch, shape: Shape): Batch {
  const { count, labels, weights } = drawn
  return {
    x: fromData(drawn.xt, [count, ...shape]),
    target: fromData(drawn.target, [count, ...shape]),
    t: fromData(drawn.t, [count]),
    weights: weights.every((w) => w === 1) ? undefined : fromData(weights, [count, ...shape.map(() => 1)]),
    labels: labels === undefined ? undefined : fromData(labels, [count], { dtype: 'int32' }),
  }
}

/**
 * What a training minimises, as a function of the parameters: the part that a drawn shard has in the mean over the batch.
 * Of a network that denoises it is the mean squared error of what it predicts, weighted by noise level where asked. An autoencoder has latents z, which the
 * decoder meets with noise of `latentNoise`, and its loss is
 *
 *     mean (D(z + σ_z ε) − x)² + latentPenalty · mean z² + labelWeight · (−log p(class | z)):
 *
 * but for the last term and constants, the evidence bound of a variational autoencoder (arXiv 1312.6114) whose posterior has
 * one fixed σ_z.
 */
export function objective(config: TrainConfig, drawn: NoisyBatch, shape: Shape): (p: Params) => Tensor {
  const { model, latentNoise = 0, latentPenalty = 0, labelWeight = 0 } = config
  const { forward, coder } = architectureOf(model)
  const { x, t, target, weights, labels } = batchTensors(drawn, shape)
  const squared = (output: Tensor) => {
    const errors = square(sub(output, target))
    return sum(weights === undefined ? errors : errors.mul(weights)).mul(1 / (config.batch * sizeOf(shape)))
  }
  if (coder === undefined) return (p) => scope(() => squared(forward(p, model, x, t, labels)))
  const perSample = 1 / config.batch
  const noise = normal(
    drawn.keys.map((key) => key.fold('latent')),
    coder.latentShape(model),
  ).mul(latentNoise)
  return (p) =>
    scope(() => {
      const z = coder.encode(p, model, x)
      const restored = squared(coder.decode(p, model, z.add(noise)))
      const loss = restored.add(mean(square(z)).mul(latentPenalty * drawn.count * perSample))
      if (labels === undefined) return loss
      return loss.add(crossEntropy(coder.logits(p, model, z), labels).mul(labelWeight * perSample))
    })
}

/** −log p(label), summed over samples, of log-odds [N, classes]. */
function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const { shape, dtype, device } = logits
  const [, classes = 0] = shape
  const chosen = new Float32Array(sizeOf(shape))
  labels.dataSync().forEach((label, n) => void (chosen[n * classes + label] = 1))
  return sum(logSumExp(logits, 1)).sub(sum(logits.mul(fromData(chosen, shape, { dtype, device }))))
}
