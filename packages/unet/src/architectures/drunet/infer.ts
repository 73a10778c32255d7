import type { NamedShapes } from '../../param-source.ts'
import type { DrunetConfig } from './config.ts'

/** The fields that names and shapes tell; the activation and the size of pictures they do not. */
export type InferredDrunet = Omit<DrunetConfig, 'architecture' | 'sampleSize' | 'activation'>

/**
 * What the names and shapes of a checkpoint tell of its configuration; undefined where they are none of this family. A
 * network with one input channel more than outputs has a map of the noise level.
 */
export function inferDrunet(shapes: NamedShapes): InferredDrunet | undefined {
  const [head, tail] = ['m_head.weight', 'm_tail.weight'].map((name) => shapes.get(name))
  const [first, inputs] = head ?? []
  const outputs = tail?.[0]
  if (first === undefined || inputs === undefined || outputs === undefined) return undefined
  const halvings = [...shapes].flatMap(([name, [coarse, , size]]) => {
    const [, level, place] = /^m_down(\d{1,3})\.(\d{1,3})\.weight$/.exec(name) ?? []
    return level === undefined || coarse === undefined || size !== 2
      ? []
      : [{ level: Number(level), place: Number(place), coarse }]
  })
  halvings.sort((a, b) => a.level - b.level)
  const blocks = new Set(
    [...shapes.keys()].flatMap((name) => /^m_body\.(\d{1,3})\.res\.0\.weight$/.exec(name)?.[1] ?? []),
  )
  const gain = shapes.has('level.0.weight')
  const map = !gain && inputs === outputs + 1
  return {
    inChannels: map ? outputs : inputs,
    outChannels: outputs,
    widths: [first, ...halvings.map(({ coarse }) => coarse)],
    numBlocks: halvings[0]?.place ?? blocks.size,
    bias: shapes.has('m_head.bias'),
    conditioning: gain ? 'gain' : map ? 'map' : 'blind',
  }
}
