import type { NamedShapes } from '../../param-source.ts'
import type { BfCnnConfig, DncnnConfig } from './config.ts'

/** What names and shapes tell of a DnCNN: all but the size of pictures. */
export type InferredDncnn = Omit<DncnnConfig, 'architecture' | 'sampleSize'>
/** What names and shapes tell of a BF_CNN; whether a ReLU follows the first convolution they do not. */
export type InferredBfCnn = Omit<BfCnnConfig, 'architecture' | 'sampleSize' | 'firstLinear'>

/** The shapes of the weights of convolutions that a pattern finds, in the order of the number in their names. */
function convolutions(shapes: NamedShapes, pattern: RegExp): readonly (readonly number[])[] {
  return [...shapes]
    .flatMap(([name, shape]) => {
      const [, place] = pattern.exec(name) ?? []
      return place !== undefined && shape.length === 4 ? [{ place: Number(place), shape }] : []
    })
    .sort((a, b) => a.place - b.place)
    .map(({ shape }) => shape)
}

function chainOf(convs: readonly (readonly number[])[]) {
  const [width, inputs] = convs[0] ?? []
  const outputs = convs.at(-1)?.[0]
  return width === undefined || inputs === undefined || outputs === undefined || convs.length < 2
    ? undefined
    : { width, inputs, outputs, depth: convs.length }
}

/** A network with one input channel more than outputs has a map of the noise level. */
export function inferDncnn(shapes: NamedShapes): InferredDncnn | undefined {
  const found = chainOf(convolutions(shapes, /^model\.(\d{1,4})\.weight$/))
  if (found === undefined) return undefined
  const { width, inputs, outputs, depth } = found
  const map = inputs === outputs + 1
  return {
    inChannels: map ? outputs : inputs,
    outChannels: outputs,
    width,
    depth,
    norm: shapes.has('model.3.running_var'),
    conditioning: map ? 'map' : 'blind',
  }
}

export function inferBfCnn(shapes: NamedShapes): InferredBfCnn | undefined {
  const found = chainOf(convolutions(shapes, /^conv_layers\.(\d{1,4})\.weight$/))
  if (found === undefined) return undefined
  const { width, inputs, outputs, depth } = found
  return { inChannels: inputs, outChannels: outputs, width, depth }
}
